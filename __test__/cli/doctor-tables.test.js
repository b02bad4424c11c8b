'use strict'

const { createDatabase } = require('../support/database')
const { settings } = require('./command')
const { ALL_OK, PASSWORD, changed, doctor, notOk } = require('./doctor')

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
