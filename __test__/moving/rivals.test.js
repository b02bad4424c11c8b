'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { PROJECT, sectionsOf } = require('../docs/pages')
const { settings, shell } = require('../cli/command')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, makeStore } = require('../faults/stores')
const { filesOf, newFolder, useFolder } = require('./folders')
const { RIVALS, makeBoth, makeMysqlDriver, makePostgresTable } = require('./rivals')

// From the tables of other packages to a folder, which import takes: examples/moving/table-to-folder.js, as a person runs it.

const SCRIPT = path.join(PROJECT, 'examples/moving/table-to-folder.js')
const NAMES = Object.keys(RIVALS)
/** The account in the page's examples. */
const ACCOUNT = '5511999990000'
/** An id with all that gets in the way of a pattern or a prefix. */
const SESSION = 'shop_1:%@x'

/** A folder with a copy of the script, beside the modules of the project and a stand-in for MySQL's driver. */
function makeWorkplace(mysqlSessions = {}) {
  const at = newFolder('old-backend')
  const modules = path.join(at, 'node_modules')
  makeMysqlDriver(modules, mysqlSessions)
  fs.symlinkSync(path.join(PROJECT, 'node_modules/pg'), path.join(modules, 'pg'))
  fs.copyFileSync(SCRIPT, path.join(at, path.basename(SCRIPT)))
  return at
}

const run = (at, url, args) =>
  promisify(execFile)(process.execPath, [path.basename(SCRIPT), ...args], {
    cwd: at,
    env: { PATH: process.env.PATH, OLD_DATABASE_URL: url },
  })

let old

beforeAll(async () => {
  old = await createDatabase()
})

afterAll(() => old.drop())

/** Moves a session's rows out of the table of its package; gives the folder. */
async function moveOut({ store }, rows) {
  const names = ['shop_1', 'shop_1:%', 'shopX1:%@x', `${SESSION}y`, `${SESSION}:session-b`]
  // Another account's, so that a record which is taken for one of this session is seen.
  const theirs = new Map([...rows].map(([name]) => [name, '{"not":"ours"}']))
  const others = Object.fromEntries(names.map((name) => [name, theirs]))
  if (store === 'postgres-baileys') {
    await old.query('DROP TABLE IF EXISTS auth_data')
    await makePostgresTable(old, { [SESSION]: rows, ...others })
  }
  const at = makeWorkplace({ [SESSION]: rows })
  const url = store === 'postgres-baileys' ? old.url : 'mysql://old'
  const { stderr } = await run(at, url, [store, SESSION, 'moved'])
  expect(stderr).toContain(store === 'postgres-baileys' ? `${rows.size} rows whose keys` : '')
  return path.join(at, 'moved')
}

test.each(NAMES)(
  '%s: what its table holds becomes what Baileys’ own store would have',
  async (name) => {
    const { folder, rows } = await makeBoth(RIVALS[name])
    const moved = await moveOut(RIVALS[name], rows)
    expect(filesOf(moved)).toEqual(filesOf(folder))
    expect(fs.statSync(moved).mode & 0o777).toBe(0o700)
    expect(fs.statSync(path.join(moved, 'creds.json')).mode & 0o777).toBe(0o600)
  },
)

test.each(NAMES)('%s: what Baileys 6 wrote, too', async (name) => {
  const { folder, rows } = await makeBoth(RIVALS[name], 'baileys-v6')
  expect(filesOf(await moveOut(RIVALS[name], rows))).toEqual(filesOf(folder))
})

test('the packages do alter what they store', async () => {
  const altered = async (name, record) => (await makeBoth(RIVALS[name])).rows.get(record)
  expect(await altered('postgres-baileys 1.5.0', 'identity-key-5511.0')).toMatch(/^\{"0":5,"1":5/)
  expect(await altered('mysql-baileys 1.5.1', 'identity-key-5511.0')).toMatch(/^\{"0":5,"1":5/)
  expect(await altered('mysql-baileys 1.5.4', 'lid-mapping-5511')).toBe('999')
})

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: [ACCOUNT] })
  })

  afterAll(() => db.drop())

  test.each(NAMES)('%s: its session goes on here', async (name) => {
    const { folder, rows } = await makeBoth(RIVALS[name])
    const [store, account] = [makeStore(db.url), await addAccount(db)]
    const report = await store.importMultiFile(await moveOut(RIVALS[name], rows), account)
    expect(report).toMatchObject({ outcome: 'added', healed: [], unknown: [], broken: [] })
    const there = await useFolder(folder)
    const { state } = await store.useAuthState(account)
    expect(state.creds).toEqual(there.state.creds)
    const ids = { 'identity-key': ['5511.0'], 'lid-mapping': ['5511', '999_reverse'] }
    for (const [type, each] of Object.entries(ids)) {
      expect(await state.keys.get(type, each)).toEqual(await there.state.keys.get(type, each))
    }
    const target = newFolder()
    await store.exportMultiFile(account, target)
    expect(filesOf(target)).toEqual(filesOf(folder))
  })

  test.each(NAMES)('%s: a sender key of Baileys 6.7.18 is healed', async (name) => {
    const { rows } = await makeBoth(RIVALS[name], 'baileys-v6')
    const seed = Buffer.alloc(32, 1)
    const old = [{ senderKeyId: 77, senderChainKey: { iteration: 5, seed } }]
    rows.set('sender-key-1@g.us::55::0', RIVALS[name].textOf(old))
    const [store, account] = [makeStore(db.url), await addAccount(db)]
    const { healed } = await store.importMultiFile(await moveOut(RIVALS[name], rows), account)
    expect(healed).toEqual(['sender-key-1@g.us--55--0.json'])
    const { state } = await store.useAuthState(account)
    const { '1@g.us::55::0': key } = await state.keys.get('sender-key', ['1@g.us::55::0'])
    const [{ senderChainKey }] = JSON.parse(key.toString())
    expect(senderChainKey.seed).toEqual({ type: 'Buffer', data: seed.toString('base64') })
  })

  test('docs/migrating.md: its commands do what it says', async () => {
    const { rows } = await makeBoth(RIVALS['postgres-baileys 1.5.0'])
    await old.query('DROP TABLE IF EXISTS auth_data')
    await makePostgresTable(old, { 'my-session': rows })
    const { 'From postgres-baileys and mysql-baileys': section } = sectionsOf('docs/migrating.md')
    const [, lines] = section.match(/^```sh\n(.*?)^```/ms)
    const here = lines.replace(/postgresql:\S+/, () => `'${old.url}'`)
    expect(here).not.toBe(lines)
    const { stdout } = await shell(here, { cwd: makeWorkplace(), env: settings(db) })
    expect(stdout).toContain(`${rows.size} files\n`)
    expect(stdout).toContain('1 imported')
  })
})

describe('what goes wrong', () => {
  const { textOf } = RIVALS['mysql-baileys 1.5.4']
  const creds = ['creds', textOf({ noiseKey: 1 })]

  test.each([
    ['a session that is not there', [], ['mysql-baileys', 'unheard-of', 'f'], 'no such session'],
    [
      'a session without credentials',
      [['pre-key-1', '{}']],
      ['mysql-baileys', 's', 'f'],
      'no credentials',
    ],
    ['a store that is none', [creds], ['toString', 's', 'f'], 'usage'],
    ['no folder', [creds], ['mysql-baileys', 's'], 'usage'],
    ['a folder that is there', [creds], ['mysql-baileys', 's', 'node_modules'], 'EEXIST'],
  ])('%s: nothing is written', async (_, rows, args, says) => {
    const at = makeWorkplace({ s: new Map(rows) })
    const before = fs.readdirSync(at)
    const error = await run(at, 'mysql://old', args).catch((error) => error)
    expect(error).toMatchObject({ code: 1, stderr: expect.stringContaining(says) })
    expect(fs.readdirSync(at)).toEqual(before)
  })

  test('what is broken in the table is named by import, and not quoted by anybody', async () => {
    const at = makeWorkplace({ s: new Map([creds, ['pre-key-1', '{"private":hush']]) })
    const said = await run(at, 'mysql://old', ['mysql-baileys', 's', 'moved'])
    expect(said).toEqual({ stdout: '2 files\n', stderr: '' })
    const store = makeStore(old.url)
    const error = await store
      .importMultiFile(path.join(at, 'moved'), await addAccount(old))
      .catch((error) => error)
    expect(error).toMatchObject({ code: 'ERR_FOLDER' })
    expect(error.files.map(({ file }) => file)).toEqual(['creds.json', 'pre-key-1.json'])
  })

  test('records that would share a file leave a folder that import refuses', async () => {
    const at = makeWorkplace({ s: new Map([creds, ['session-a:b', '{}'], ['session-a-b', '{}']]) })
    const error = await run(at, 'mysql://old', ['mysql-baileys', 's', 'moved']).catch((e) => e)
    expect(error).toMatchObject({ code: 1, stderr: expect.stringContaining('EEXIST') })
    expect(fs.existsSync(path.join(at, 'moved/creds.json'))).toBe(false)
  })
})
