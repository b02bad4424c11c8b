'use strict'

const { createDatabase } = require('../support/database')
const { startTlsServer } = require('../support/tls-server')
const { LAYOUTS } = require('../faults/layouts')
const { SECRET, makeStore, quickBaileys } = require('../faults/stores')
const { command, settings } = require('./command')

const ANOTHER = 'another-secret-of-good-length'
const PASSWORD = 'a-password-of-a-role'
const ALL_OK = { status: 0, diagnosis: { status: 'ok' } }

/** All that was printed, in which nothing secret may be. */
const printed = []

afterAll(() => {
  expect(printed.length).toBeGreaterThan(0)
  const { password } = new URL(process.env.TEST_DATABASE_URL)
  for (const text of printed) {
    for (const secret of [SECRET, ANOTHER, PASSWORD, password]) expect(text).not.toContain(secret)
  }
})

/** Runs the command; gives its exit status, what it found, and its checks by their names. */
async function doctor(env, args = []) {
  const { status, stdout, stderr } = await command(['doctor', '--json', ...args], env)
  printed.push(stdout, stderr)
  expect(stderr).toBe('')
  const diagnosis = JSON.parse(stdout)
  const checks = Object.fromEntries(diagnosis.checks.map((check) => [check.name, check]))
  return { status, diagnosis, checks }
}

/** Those of the checks that are not ok, with their statuses. */
const notOk = ({ checks }) =>
  Object.fromEntries(
    Object.values(checks)
      .filter(({ status }) => status !== 'ok')
      .map(({ name, status }) => [name, status]),
  )

/** The settings of a store that connects past any pooler. */
const direct = (db, secret) => ({ ...settings(db, secret), DATABASE_URL: db.serverUrl })

const changed = (url, change) => Object.assign(new URL(url), change).href

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout, accounts: ['one', 'two'] })
    const store = makeStore(db.url, { baileys: quickBaileys })
    for (const account of ['one', 'two']) await (await store.useAuthState(account)).saveCreds()
    await store.close()
  })

  afterEach(() => db.drop())

  const everything = async () => [await db.stored('one'), await db.stored('two')]

  test('all is well, and nothing was changed', async () => {
    const before = await everything()
    const found = await doctor(settings(db))
    expect(found).toMatchObject(ALL_OK)
    expect(found.diagnosis.checks.map(({ name }) => name)).toEqual([
      'settings',
      'connection',
      'tls',
      'server',
      'writable',
      'pooler',
      'durability',
      'connections',
      'clock',
      'tables',
      'grants',
      'secret',
      'baileys',
    ])
    for (const { next } of found.diagnosis.checks) expect(next).toBeNull()
    const { host } = new URL(db.url)
    expect(found.checks.connection.found).toContain(`${host}, database ${db.name}, role postgres`)
    expect(found.checks.tables.found).toContain(`layout ${layout}`)
    expect(found.checks.secret.found).toMatch(
      { rows: /^sessions in rows: 2 under the current/, column: /^of 2 texts .* 2 can be opened$/ }[
        layout
      ],
    )
    expect(found.checks.baileys.found).toMatch(/^Baileys 7\./)
    expect(await everything()).toEqual(before)
  })

  test('to people it is a table, and what to do below it', async () => {
    const well = await command(['doctor'], settings(db))
    expect(well).toMatchObject({ status: 0, stderr: '' })
    expect(well.stdout).toMatch(/^check +status +found\nsettings +ok +databaseUrl and secret are/)
    const { status, stdout } = await command(['doctor'], settings(db, ANOTHER))
    printed.push(well.stdout, stdout)
    expect(status).toBe(1)
    expect(stdout).toMatch(/^secret +failed +/m)
    expect(stdout).toMatch(/\n\nsecret: set WHATSAPP_SESSION_SECRET to the secret that .*\n$/)
  })

  test('a secret that opens nothing has failed, and with the right one beside it is no matter', async () => {
    const wrong = await doctor(settings(db, ANOTHER))
    expect(wrong.status).toBe(1)
    expect(notOk(wrong)).toEqual({ secret: 'failed' })
    const both = { ...settings(db, ANOTHER), WHATSAPP_SESSION_SECRET_PREVIOUS: SECRET }
    const found = await doctor(both)
    expect(found).toMatchObject(ALL_OK)
    expect(found.checks.settings.found).toBe('databaseUrl and secret, and 1 earlier, are there')
  })

  test('one that opens some sessions and not others is a warning', async () => {
    const store = makeStore(db.url, { baileys: quickBaileys, secret: ANOTHER })
    await store.clear('two')
    await (await store.useAuthState('two')).saveCreds()
    await store.close()
    const found = await doctor(settings(db))
    expect(found.status).toBe(3)
    expect(found.diagnosis.status).toBe('warning')
    expect(notOk(found)).toEqual({ secret: 'warning' })
  })

  test.each([
    ['a wrong password', { password: 'wrong' }, /set the right user and password/],
    ['a database that is not there', { pathname: '/no"where' }, /CREATE DATABASE "no""where"/],
    ['a port where nobody listens', { port: 1 }, /can be reached at 127\.0\.0\.1:1,/],
  ])('%s: nothing behind the connection is looked at', async (_, change, next) => {
    const env = { ...settings(db), DATABASE_URL: changed(db.serverUrl, change) }
    const { status, checks } = await doctor(env)
    expect(status).toBe(1)
    expect(checks.settings.status).toBe('ok')
    expect(checks.connection.status).toBe('failed')
    expect(checks.connection.next).toMatch(next)
    expect(checks.secret).toEqual({
      name: 'secret',
      status: 'not checked',
      found: '',
      next: 'see to connection first',
    })
    expect(checks.baileys.status).toBe('ok')
  })

  test('writes that are acknowledged too early are a warning, unless the store asks for more', async () => {
    await db.query(`ALTER DATABASE ${db.name} SET synchronous_commit = off`)
    const found = await doctor(direct(db))
    expect(found.status).toBe(3)
    expect(notOk(found)).toEqual({ durability: 'warning' })
    const store = makeStore(db.serverUrl, { durability: 'on' })
    expect(await store.diagnose()).toMatchObject({ status: 'ok' })
  })

  test('a read-only database has failed', async () => {
    await db.query(`ALTER DATABASE ${db.name} SET default_transaction_read_only = on`)
    const found = await doctor(direct(db))
    expect(found.status).toBe(1)
    expect(notOk(found)).toEqual({ writable: 'failed' })
    expect(found.checks.writable.next).toContain(
      `ALTER DATABASE "${db.name}" RESET default_transaction_read_only`,
    )
  })

  test('a pool that does not fit into the server is a warning', async () => {
    const found = await doctor({ ...direct(db), BAILEYS_AUTH_POOL_SIZE: '100000' })
    expect(found.status).toBe(3)
    expect(notOk(found)).toEqual({ connections: 'warning' })
    expect(found.checks.connections.next).toMatch(/^lower pool\.size to \d+ or less/)
  })

  test('parameters that mean nothing are a warning', async () => {
    const url = `${db.url}?sslmod=require`
    const found = await doctor({ ...settings(db), DATABASE_URL: url })
    expect(found.status).toBe(3)
    expect(notOk(found)).toEqual({ settings: 'warning' })
    expect(found.checks.settings.found).toContain('sslmod')
  })

  test('the other layout than that which the database has', async () => {
    const other = { rows: 'column', column: 'rows' }[layout]
    const found = await doctor(settings(db), ['--layout', other])
    // Without tables for rows there is nothing to be in the way of making them.
    if (layout === 'column') return expect(found.checks.tables.found).toMatch(/^none yet/)
    expect(found.status).toBe(1)
    expect(found.checks.tables).toMatchObject({
      status: 'failed',
      next: expect.stringContaining('migrate --to column'),
    })
  })

  describe('a role', () => {
    let role, env

    beforeEach(async () => {
      role = db.name
      await db.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
      const url = changed(db.serverUrl, { username: role, password: PASSWORD })
      env = { ...settings(db), DATABASE_URL: url }
    })

    afterEach(() => db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))

    test('lacks grants, which are what it needs when it has them', async () => {
      const asked = new Set()
      for (let found = await doctor(env); found.status !== 0; found = await doctor(env)) {
        const problem = found.diagnosis.checks.find(({ status }) => status !== 'ok')
        expect(['tables', 'grants']).toContain(problem.name)
        // What it says, word for word; once said it has to be enough.
        expect(asked).not.toContain(problem.next)
        asked.add(problem.next)
        await db.query(problem.next)
      }
      expect(asked.size).toBeGreaterThan(0)
      const store = makeStore(env.DATABASE_URL, { baileys: quickBaileys })
      await (await store.useAuthState('one')).saveCreds()
      await store.clear('one')
    })

    test('lacks those for the quarantine, if it is to use it', async () => {
      const grants = {
        column: `GRANT SELECT, UPDATE ON whatsapp_accounts TO ${role}`,
        rows: `GRANT SELECT, UPDATE ON whatsapp_accounts TO ${role};
               GRANT USAGE ON SCHEMA baileys_auth TO ${role};
               GRANT SELECT ON baileys_auth.store TO ${role};
               GRANT SELECT, INSERT, UPDATE, DELETE ON baileys_auth.session, baileys_auth.record TO ${role}`,
      }
      await db.query(grants[layout])
      expect(await doctor(env)).toMatchObject(ALL_OK)
      const fresh = { ...env, BAILEYS_AUTH_ON_UNREADABLE: 'fresh' }
      const found = await doctor(fresh)
      expect(found.status).toBe(3)
      expect(notOk(found)).toEqual({ grants: 'warning' })
      await db.query(found.checks.grants.next)
      expect(await doctor(fresh)).toMatchObject(ALL_OK)
    })
  })
})

describe('tables of layout rows', () => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout: 'rows' })
  })

  afterEach(() => db.drop())

  const format = async () =>
    (await db.query('SELECT format_version AS format FROM baileys_auth.store')).rows[0].format

  test('of a newer version have failed', async () => {
    await db.query('UPDATE baileys_auth.store SET format_version = 99')
    const found = await doctor(settings(db))
    expect(found.status).toBe(1)
    expect(notOk(found)).toEqual({
      tables: 'failed',
      grants: 'not checked',
      secret: 'not checked',
    })
    expect(found.checks.tables.next).toContain('npm install baileys-postgres-auth@latest')
    expect(await format()).toBe(99)
  })

  test('of an older version are a warning, and stay as they are', async () => {
    await db.query('UPDATE baileys_auth.store SET format_version = 3')
    const found = await doctor(settings(db))
    expect(found.status).toBe(3)
    expect(found.checks.tables.status).toBe('warning')
    expect(await format()).toBe(3)
    const off = await doctor({ ...settings(db), BAILEYS_AUTH_AUTO_MIGRATE: 'false' })
    expect(off.status).toBe(1)
    expect(off.checks.tables.next).toContain('migrate --sql --from 3')
  })

  test('of which one is missing have failed', async () => {
    await db.query('DROP TABLE baileys_auth.record')
    const found = await doctor(settings(db))
    expect(found.status).toBe(1)
    expect(found.checks.tables).toMatchObject({
      status: 'failed',
      found: 'schema baileys_auth lacks record',
    })
  })

  test('are not made', async () => {
    const none = () => db.query(`SELECT to_regnamespace('baileys_auth') IS NULL AS is`)
    await db.query('DROP SCHEMA baileys_auth CASCADE; DROP TABLE whatsapp_accounts')
    const env = { ...settings(db), BAILEYS_AUTH_LAYOUT: '' }
    const found = await doctor(env)
    expect(found).toMatchObject(ALL_OK)
    expect(found.checks.tables.found).toMatch(
      /^none yet, nor a table "public"\."whatsapp_accounts" with .* in schema baileys_auth when/,
    )
    const off = await doctor({ ...env, BAILEYS_AUTH_AUTO_MIGRATE: 'false' })
    expect(off.checks.tables.status).toBe('failed')
    expect((await none()).rows).toEqual([{ is: true }])
  })

  test('may not be made by a role without the grant, which is told', async () => {
    await db.query(`DROP SCHEMA baileys_auth CASCADE;
                    CREATE ROLE ${db.name} LOGIN PASSWORD '${PASSWORD}'`)
    const url = changed(db.serverUrl, { username: db.name, password: PASSWORD })
    const found = await doctor({ ...settings(db), DATABASE_URL: url })
    await db.query(`DROP ROLE ${db.name}`)
    expect(found.status).toBe(1)
    expect(found.checks.grants.next).toContain(
      `GRANT CREATE ON DATABASE "${db.name}" TO "${db.name}"`,
    )
  })
})

describe('the accounts table of layout column', () => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout: 'column' })
  })

  afterEach(() => db.drop())

  test.each([
    ['is not there', 'DROP TABLE whatsapp_accounts', /^CREATE TABLE "public"\."whatsapp_accounts"/],
    [
      'lacks the column',
      'ALTER TABLE whatsapp_accounts DROP session_data',
      /^ALTER TABLE .* ADD COLUMN "session_data" text, or set accountsTable\.sessionData/,
    ],
    [
      'has another type',
      'ALTER TABLE whatsapp_accounts DROP session_data, ADD session_data jsonb',
      /^set accountsTable\.sessionData to a column of type text/,
    ],
  ])('%s', async (_, statement, next) => {
    await db.query(statement)
    const found = await doctor(settings(db))
    expect(found.status).toBe(1)
    expect(found.checks.tables.status).toBe('failed')
    expect(found.checks.tables.next).toMatch(next)
  })
})

describe('settings that no store can be made of', () => {
  test.each([
    ['no database', {}, /DATABASE_URL=postgresql:/],
    [
      'a short secret',
      { DATABASE_URL: 'postgres://u@127.0.0.1/none', WHATSAPP_SESSION_SECRET: 'fifteen letters' },
      /openssl rand/,
    ],
    [
      'a malformed connection string',
      { DATABASE_URL: `postgres://u:${PASSWORD}@h:x/none`, WHATSAPP_SESSION_SECRET: SECRET },
      /./,
    ],
  ])('%s', async (_, env, next) => {
    const { status, checks } = await doctor(env)
    expect(status).toBe(1)
    expect(checks.settings.status).toBe('failed')
    expect(checks.settings.next).toMatch(next)
    expect(checks.connection).toMatchObject({
      status: 'not checked',
      next: 'see to settings first',
    })
    expect(checks.baileys.status).toBe('ok')
  })
})

test('TLS is told by its version and cipher', async () => {
  const server = await startTlsServer()
  try {
    const url = `${server.url()}?sslmode=require`
    const { status, checks } = await doctor({ DATABASE_URL: url, WHATSAPP_SESSION_SECRET: SECRET })
    expect(status).toBe(0)
    expect(checks.tls).toMatchObject({ status: 'ok', found: expect.stringMatching(/^TLSv1\.\d, /) })
  } finally {
    await server.stop()
  }
})
