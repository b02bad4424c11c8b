'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, idle, makeStore } = require('../faults/stores')
const { withFunction } = require('../moving/triggers')
const { addFiles, filesOf, makeFolder, newFolder } = require('../moving/folders')
const { command, settings, start } = require('./command')

const LOCK = 4711

/** Whoever waits for that lock. */
const WAITING = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`

/** The write of a whole session, as a trigger has it; before it, an open has begun an empty one. */
const WRITES = {
  column: 'UPDATE ON whatsapp_accounts FOR EACH ROW WHEN (length(NEW.session_data) > 10000)',
  rows: "INSERT ON baileys_auth.record FOR EACH ROW WHEN (NEW.kind = 'tctoken')",
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  const cli = (...args) => command(args, settings(db))

  test('a folder goes in, and comes out as it was', async () => {
    const [folder, target, account] = [await makeFolder(), newFolder(), await addAccount(db)]
    const into = await cli('import', folder, '--account', account)
    expect(into).toMatchObject({ status: 0, stderr: '' })
    expect(into.stdout).toMatch(/^account +session +records +bytes +healed +left out\n/)
    expect(into.stdout).toMatch(new RegExp(`^${account} +added +75 +[0-9,]+ +0 +0\n`, 'm'))
    expect(into.stdout).toContain('1 imported, 0 there already, 0 failed\n')
    const out = await cli('export', account, target)
    expect(out).toMatchObject({ status: 0, stdout: `76 files in ${target}\n` })
    expect(out.stderr).toMatch(/unencrypted: whoever has them has the account/)
    expect(out.stderr).toMatch(/goes on with it/)
    expect(filesOf(target)).toEqual(filesOf(folder))
  })

  test('export takes an account over, and says so to programs', async () => {
    const [folder, target, account] = [await makeFolder(), newFolder(), await addAccount(db)]
    const store = makeStore(db.url)
    await store.importMultiFile(folder, account)
    const owner = await store.useAuthState(account)
    const { status, stdout, stderr } = await cli('export', account, target, '--take-over', '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ accountId: account, folder: target, files: 76 })
    await expect(owner.saveCreds()).rejects.toMatchObject({ code: 'ERR_SESSION_SUPERSEDED' })
  })

  test('a session that is there stays, unless its replacement is agreed to', async () => {
    const [first, second, account] = [await makeFolder(), await makeFolder(), await addAccount(db)]
    await cli('import', first, '--account', account)
    const stored = await db.stored(account)
    const refused = await cli('import', second, '--account', account)
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain('(ERR_SESSION_EXISTS)')
    const unasked = await cli('import', second, '--account', account, '--replace')
    expect(unasked).toMatchObject({ status: 2, stdout: '' })
    expect(unasked.stderr).toContain('--yes')
    expect(await db.stored(account)).toBe(stored)
    const replaced = await cli('import', second, '--account', account, '--replace', '--yes')
    expect(replaced.status).toBe(0)
    expect(replaced.stdout).toMatch(/ replaced /)
  })

  test('broken files are listed, and left out when asked', async () => {
    const account = await addAccount(db)
    const folder = addFiles(await makeFolder(), { 'pre-key-1.json': '', 'pre-key-2.json': '{' })
    const refused = await cli('import', folder, '--account', account)
    expect(refused.status).toBe(1)
    expect(refused.stdout).toMatch(/^0 imported, 0 there already, 1 failed\n/)
    expect(refused.stdout).toMatch(/ pre-key-1.json +it is empty\n/)
    expect(refused.stdout).toMatch(/ pre-key-2.json +it is cut off: its JSON does not end\n/)
    const without = await cli('import', folder, '--account', account, '--skip-broken', '--json')
    expect(without.status).toBe(3)
    expect(JSON.parse(without.stdout).imported).toEqual([
      expect.objectContaining({
        folder,
        accountId: account,
        outcome: 'added',
        broken: [
          { file: 'pre-key-1.json', reason: 'it is empty' },
          { file: 'pre-key-2.json', reason: 'it is cut off: its JSON does not end' },
        ],
      }),
    ])
  })

  describe('a folder of folders', () => {
    let root, accounts

    beforeAll(async () => {
      root = newFolder('sessions')
      accounts = [await addAccount(db), await addAccount(db), await addAccount(db)]
      for (const account of accounts) {
        await makeFolder('baileys', path.join(root, `session-${account}`))
      }
      addFiles(path.join(root, `session-${accounts[1]}`), { 'session-1.0.json': '{' })
      addFiles(path.join(root, 'backup'), { 'creds.json': '{}' })
      fs.mkdirSync(path.join(root, 'session-never'))
      addFiles(root, { note: '' })
    })

    const all = (...more) =>
      cli('import', '--all', root, '--account-pattern', 'session-(.+)', '--json', ...more)

    test('its accounts are named by a pattern; one that is broken stops no other', async () => {
      const { status, stdout, stderr } = await all()
      expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
      const { imported, present, failed, unmatched } = JSON.parse(stdout)
      expect(imported.map(({ accountId }) => accountId)).toEqual([accounts[0], accounts[2]])
      expect(present).toEqual([])
      expect(failed).toMatchObject([
        { accountId: accounts[1], code: 'ERR_FOLDER', files: [{ file: 'session-1.0.json' }] },
      ])
      expect(unmatched).toEqual(['backup'])
    })

    test('again, it goes on with what was not imported', async () => {
      fs.rmSync(path.join(root, `session-${accounts[1]}`, 'session-1.0.json'))
      const { status, stdout } = await all()
      expect(status).toBe(0)
      const { imported, present } = JSON.parse(stdout)
      expect(imported.map(({ accountId }) => accountId)).toEqual([accounts[1]])
      expect(present).toEqual([accounts[0], accounts[2]])
    })

    test('and says to people what it passes over', async () => {
      const { stdout } = await cli(
        ...['import', '--all', root, '--account-pattern', 'session-(.+)'],
      )
      expect(stdout).toMatch(/^0 imported, 3 there already, 0 failed\n/)
      expect(stdout).toMatch(/\nbackup +its name is not of the pattern\n/)
    })

    test.each([
      ['no pattern', ['--account-pattern', '('], /is not a regular expression/],
      ['one account for two', ['--account-pattern', '(s)ession-account.+'], /one account, "s"/],
    ])('%s is refused before anything is done', async (_, args, message) => {
      const { status, stdout, stderr } = await cli('import', '--all', root, ...args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(message)
    })
  })

  describe('a process that is killed while its write is under way', () => {
    /** Kills an import in its write, and lets `thereafter` decide what becomes of that; gives the account and the folder. */
    async function killed(thereafter) {
      const [folder, account] = [await makeFolder(), await addAccount(db)]
      // A lock of a session needs a connection of its own.
      const holder = new Client({ connectionString: db.serverUrl })
      await holder.connect()
      await holder.query(`SELECT pg_advisory_lock(${LOCK})`)
      await withFunction(
        db,
        WRITES[layout],
        `PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NEW`,
        async () => {
          const { child, ended } = start(['import', folder, '--account', account], settings(db))
          while ((await db.query(WAITING)).rowCount === 0 && child.exitCode === null);
          child.kill('SIGKILL')
          expect(await ended).toMatchObject({ signal: 'SIGKILL', stdout: '' })
          await thereafter(holder)
          await idle(db)
        },
      )
      await holder.end()
      return { folder, account }
    }

    test('leaves no session if its write is lost; a second import goes on from there', async () => {
      const { folder, account } = await killed(async (holder) => {
        await db.query(WAITING.replace('SELECT', 'SELECT pg_terminate_backend(pid)'))
        await holder.query(`SELECT pg_advisory_unlock(${LOCK})`)
      })
      const target = newFolder()
      expect((await cli('export', account, target)).stderr).toContain('ERR_ACCOUNT_NOT_FOUND')
      expect((await cli('import', folder, '--account', account)).status).toBe(0)
      await cli('export', account, target)
      expect(filesOf(target)).toEqual(filesOf(folder))
    })

    test('leaves a whole one if the server carries it out all the same', async () => {
      const { folder, account } = await killed((holder) =>
        holder.query(`SELECT pg_advisory_unlock(${LOCK})`),
      )
      const target = newFolder()
      await cli('export', account, target)
      expect(filesOf(target)).toEqual(filesOf(folder))
    })
  })

  test.each([
    ['neither folder nor root', ['import']],
    ['no account', ['import', 'folder']],
    ['an account with a root', ['import', '--all', 'root', '--account', 'a']],
    ['a pattern without a root', ['import', 'folder', '--account', 'a', '--account-pattern', 'x']],
    ['no folder to export to', ['export', 'a']],
  ])('%s is wrong usage', async (_, args) => {
    const { status, stdout, stderr } = await cli(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain('--help says more')
  })

  test('a database that is down stops the run', async () => {
    const root = newFolder('sessions')
    for (const name of ['a', 'b']) await makeFolder('baileys', path.join(root, name))
    const env = { ...settings(db), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
    const { status, stdout, stderr } = await command(['import', '--all', root], {
      ...env,
      BAILEYS_AUTH_WRITE_TIMEOUT_MS: '300',
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('(ERR_DB_UNAVAILABLE)')
  })
})
