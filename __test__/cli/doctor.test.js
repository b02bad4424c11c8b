'use strict'

const { createDatabase } = require('../support/database')
const { startTlsServer } = require('../support/tls-server')
const { LAYOUTS } = require('../faults/layouts')
const { SECRET, makeStore, quickBaileys } = require('../faults/stores')
const { command, settings } = require('./command')
const { ALL_OK, ANOTHER, PASSWORD, changed, direct, doctor, notOk, printed } = require('./doctor')

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
