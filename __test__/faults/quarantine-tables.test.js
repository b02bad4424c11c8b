'use strict'

const { createDatabase } = require('../support/database')
const {
  ANOTHER,
  expectReadable,
  makeFresh,
  openNew,
  sealedInQuarantine,
  sealedOf,
} = require('./quarantine-world')
const { expectRefused, makeProxy, makeStore, quickBaileys } = require('./stores')

// Where the quarantine is: in the rows' own schema; beside an accounts table in the same one, made when it is first needed.

let db

afterEach(() => db.drop())

const tables = async () => {
  const { rows } = await db.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'baileys_auth' ORDER BY 1`,
  )
  return rows.map(({ tablename }) => tablename)
}

describe('beside an accounts table', () => {
  let account

  beforeEach(async () => {
    db = await createDatabase()
    account = await openNew(db, makeStore(db.url))
  })

  test('it is made for the first session that goes there, and no store takes it for rows', async () => {
    expect(await makeStore(db.url).quarantine()).toEqual([])
    expect(await tables()).toEqual([])
    await makeFresh(db.url, { secret: ANOTHER }).useAuthState(account.id)
    expect(await tables()).toEqual(['quarantine', 'quarantined_record'])
    const store = makeStore(db.url)
    const [entry] = await store.quarantine()
    await store.restore(entry.id, { replace: true })
    await expectReadable(account, store)
    expect(store.stats().layout).toBe('column')
    await makeStore(db.url, { layout: 'column' }).useAuthState(account.id)
  })

  test('without autoMigrate the session stays as it is, and the error says what to do', async () => {
    const before = await db.sessionData(account.id)
    const store = makeFresh(db.url, { secret: ANOTHER, autoMigrate: false })
    for (let times = 0; times < 2; times++) {
      const { message } = await expectRefused(store.useAuthState(account.id), 'ERR_SCHEMA')
      expect(message).toMatch(/onUnreadable.*autoMigrate/)
    }
    expect(await db.sessionData(account.id)).toBe(before)
    expect(await tables()).toEqual([])
    expect(await store.quarantine()).toEqual([])

    const other = await openNew(db, makeStore(db.url))
    await makeFresh(db.url, { secret: ANOTHER }).useAuthState(other.id)
    await store.useAuthState(account.id)
    expect(await store.quarantine()).toMatchObject([
      { accountId: other.id },
      { accountId: account.id },
    ])
  })

  test('a role that may not make it is told which grant it lacks, and changes nothing', async () => {
    const role = new URL(db.url).pathname.slice(1)
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'a-password';
                    GRANT SELECT, UPDATE ON whatsapp_accounts TO ${role}`)
    const before = await db.sessionData(account.id)
    const url = Object.assign(new URL(db.url), { username: role, password: 'a-password' }).href
    const error = await expectRefused(
      makeFresh(url, { secret: ANOTHER }).useAuthState(account.id),
      'ERR_SCHEMA',
    )
    expect(error).toMatchObject({ sqlState: '42501' })
    expect(error.message).toContain('GRANT CREATE ON DATABASE')
    expect(await db.sessionData(account.id)).toBe(before)
    await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  test('several that need it at once make one', async () => {
    const more = await Promise.all(
      Array.from({ length: 3 }, () => openNew(db, makeStore(db.url, { baileys: quickBaileys }))),
    )
    const all = [account, ...more]
    await Promise.all(all.map(({ id }) => makeFresh(db.url, { secret: ANOTHER }).useAuthState(id)))
    expect(await makeStore(db.url).quarantine()).toHaveLength(all.length)
  })

  test('what is in it stays when the tables for rows are made, and comes back there', async () => {
    await makeFresh(db.url, { secret: ANOTHER }).useAuthState(account.id)
    const store = makeStore(db.url, { layout: 'rows' })
    const [entry] = await store.quarantine()
    expect(entry).toMatchObject({ accountId: account.id, layout: 'column' })
    expect(await tables()).toEqual([
      'quarantine',
      'quarantined_record',
      'record',
      'session',
      'store',
    ])
    await expectRefused(store.restore(entry.id), 'ERR_ARGUMENT')
    await store.restore(entry.id, { replace: true })
    await expectReadable(account, store)
    expect(await db.sessionData(account.id)).toBeNull()
  })

  test('a text in the original form that cannot be read as it moves into rows goes there as well', async () => {
    const before = await db.sessionData(account.id)
    const options = { secret: ANOTHER, layout: 'rows' }
    await expectRefused(makeStore(db.url, options).useAuthState(account.id), 'ERR_UNREADABLE')
    expect(await db.sessionData(account.id)).toBe(before)
    const fresh = makeFresh(db.url, options)
    const { state, saveCreds } = await fresh.useAuthState(account.id)
    await saveCreds()
    expect(state.creds.noiseKey).not.toEqual(account.state.creds.noiseKey)
    const [entry] = await fresh.quarantine()
    expect(await sealedInQuarantine(db, entry.id)).toBe(before)
    expect(await db.sessionData(account.id)).toBeNull()

    const store = makeStore(db.url)
    await store.restore(entry.id, { replace: true })
    expect(await db.sessionData(account.id)).toBe(before)
    await expectReadable(account, store)
    expect(await store.quarantine()).toMatchObject([{ reason: 'replaced', layout: 'rows' }])
  })
})

describe('of rows of an older version', () => {
  let account, before

  beforeEach(async () => {
    db = await createDatabase({ layout: 'rows' })
    account = await openNew(db, makeStore(db.url))
    await account.close()
    await db.query(`
      DROP TABLE baileys_auth.quarantined_record, baileys_auth.quarantine;
      ALTER TABLE baileys_auth.session DROP has_creds;
      ALTER TABLE baileys_auth.store DROP layout;
      UPDATE baileys_auth.store SET format_version = 1`)
    before = await db.stored(account.id)
  })

  test('without autoMigrate they are left alone', async () => {
    const store = makeStore(db.url, { autoMigrate: false })
    const { message } = await expectRefused(store.useAuthState(account.id), 'ERR_SCHEMA')
    expect(message).toMatch(/older version.*autoMigrate/)
    expect(await db.stored(account.id)).toBe(before)
  })

  test('it is made, the sessions are as they were, and those that had credentials are known to', async () => {
    await makeStore(db.url).quarantine()
    const { rows } = await db.query('SELECT format_version FROM baileys_auth.store')
    expect(rows).toEqual([{ format_version: 4 }])
    const sealed = await sealedOf(db, account.id)
    expect(sealed.sessions).toMatchObject([{ has_creds: true }])
    await expectReadable(account, makeStore(db.url))
    await db.query(`DELETE FROM baileys_auth.record WHERE kind = 'creds'`)
    await expectRefused(makeStore(db.url).useAuthState(account.id), 'ERR_UNREADABLE')
  })

  test.each(['CREATE TABLE', 'ALTER TABLE', 'UPDATE 1', 'COMMIT'])(
    'a connection that breaks at the answer to %s delays the first open, and no more',
    async (answer) => {
      const proxy = await makeProxy(db.url)
      const dropped = proxy.dropReply(answer)
      await expectReadable(account, makeStore(proxy.url(db.url)))
      await dropped
      const { rows } = await db.query('SELECT format_version FROM baileys_auth.store')
      expect(rows).toEqual([{ format_version: 4 }])
    },
  )
})
