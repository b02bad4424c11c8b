'use strict'

const { inspect } = require('node:util')
const { createSessionStore, SessionStoreError } = require('../..')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { SECRET, expectRefused, makeStore } = require('./stores')

/** What a call that must throw throws. */
function thrown(call) {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

const flip = (hex) => (hex[0] === '0' ? '1' : '0') + hex.slice(1)

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, store

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ['a'] })
  })

  afterAll(() => db.drop())

  beforeEach(() => {
    store = makeStore(db.url, { writeTimeoutMs: 2_000 })
  })

  test.each([
    ['a wrong password', (url) => Object.assign(url, { password: 'wrong-password' }), '28P01'],
    ['a role that does not exist', (url) => Object.assign(url, { username: 'nobody' }), '28P01'],
    [
      'a database that does not exist',
      (url) => Object.assign(url, { pathname: '/nowhere' }),
      '3D000',
    ],
  ])('%s is told at once, with its SQLSTATE', async (_, change, sqlState) => {
    const refused = makeStore(change(new URL(db.url)).href)
    const error = await expectRefused(refused.useAuthState('a'), 'ERR_DB_UNAVAILABLE')
    expect(error.sqlState).toBe(sqlState)
    expect(inspect(error, { depth: null })).not.toContain('wrong-password')
    expect(refused.stats().retries).toBe(0)
  })

  test('a role that may not write is ERR_DB_QUERY with its SQLSTATE, and nothing is begun afresh', async () => {
    const role = new URL(db.url).pathname.slice(1)
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'a-password'`)
    try {
      const url = Object.assign(new URL(db.url), { username: role, password: 'a-password' })
      const error = await expectRefused(makeStore(url.href).useAuthState('a'), 'ERR_DB_QUERY')
      expect(error.sqlState).toBe('42501')
    } finally {
      await db.query(`DROP ROLE ${role}`)
    }
  })

  test('another secret opens nothing, and changes nothing', async () => {
    const code = { column: 'ERR_UNREADABLE', rows: 'ERR_WRONG_SECRET' }[layout]
    const { state, saveCreds, close } = await store.useAuthState('a')
    await Promise.all([saveCreds(), state.keys.set({ session: { a: { n: 1 } } })])
    await close()
    const before = await db.stored('a')
    const wrong = makeStore(db.url, { secret: 'another-secret-of-good-length' })
    await expectRefused(wrong.useAuthState('a'), code)
    expect(await db.stored('a')).toBe(before)
    const handle = await store.useAuthState('a')
    expect(await handle.state.keys.get('session', ['a'])).toEqual({ a: { n: 1 } })
    await handle.close()
  })

  // What follows is about the accounts table and the text in it.
  if (layout === 'rows') return
  test('an error is an Error, of the class that is exported, and says what was done with which account', async () => {
    const error = await expectRefused(store.useAuthState('nobody'), 'ERR_ACCOUNT_NOT_FOUND')
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(SessionStoreError)
    expect(error).toMatchObject({
      name: 'SessionStoreError',
      operation: 'open',
      accountId: 'nobody',
    })
    expect(error).not.toHaveProperty('sqlState')
    expect(String(error)).toMatch(/^SessionStoreError: /)
    expect(error.stack).toContain(error.message)
  })

  test('the row of a missing account is not made', async () => {
    await expectRefused(store.useAuthState('nobody'), 'ERR_ACCOUNT_NOT_FOUND')
    expect(await db.sessionData('nobody')).toBeUndefined()
  })

  test.each([
    ['a table', { table: 'no_such_table' }, '42P01'],
    ['a schema', { schema: 'no_such_schema' }, '42P01'],
    ['the id column', { id: 'no_such_column' }, '42703'],
    ['the session column', { sessionData: 'no_such_column' }, '42703'],
    ['the time column', { updatedAt: 'no_such_column' }, '42703'],
  ])('without %s every call is ERR_SCHEMA, at once', async (_, accountsTable, sqlState) => {
    const wrong = makeStore(db.url, { layout, accountsTable })
    const error = await expectRefused(wrong.useAuthState('a'), 'ERR_SCHEMA')
    expect(error).toMatchObject({ sqlState, operation: 'open', accountId: 'a' })
    expect(await expectRefused(wrong.clear('a'), 'ERR_SCHEMA')).toMatchObject({
      operation: 'clear',
    })
    expect(wrong.stats().retries).toBe(0)
  })

  test('a table whose name asks for SQL is a name', async () => {
    const accountsTable = { table: 'whatsapp_accounts"; DROP TABLE whatsapp_accounts; --' }
    await expectRefused(
      makeStore(db.url, { layout, accountsTable }).useAuthState('a'),
      'ERR_SCHEMA',
    )
    expect(await db.sessionData('a')).not.toBeUndefined()
  })

  test.each([
    ['a flipped bit', (sealed) => ({ ...sealed, encrypted: flip(sealed.encrypted) })],
    ['a flipped bit in the tag', (sealed) => ({ ...sealed, authTag: flip(sealed.authTag) })],
    ['a flipped bit in the nonce', (sealed) => ({ ...sealed, iv: flip(sealed.iv) })],
    ['a cut', (sealed) => ({ ...sealed, encrypted: sealed.encrypted.slice(0, -2) })],
    ['a short tag', (sealed) => ({ ...sealed, authTag: sealed.authTag.slice(0, 8) })],
    ['a missing part', ({ iv, encrypted }) => ({ iv, encrypted })],
    ['no hex', (sealed) => ({ ...sealed, encrypted: `zz${sealed.encrypted.slice(2)}` })],
    ['no JSON', () => undefined],
  ])('%s in the stored text is ERR_UNREADABLE, and the text stays as it is', async (_, damage) => {
    const { saveCreds, close } = await store.useAuthState('a')
    await saveCreds()
    // While it is open, this process has it in memory, and writes it anew.
    await close()
    const whole = await db.sessionData('a')
    const damaged = JSON.stringify(damage(JSON.parse(whole))) ?? 'no JSON'
    const write = (text) =>
      db.query(`UPDATE whatsapp_accounts SET session_data = $1 WHERE id = 'a'`, [text])
    await write(damaged)
    const error = await expectRefused(makeStore(db.url).useAuthState('a'), 'ERR_UNREADABLE')
    expect(error).toMatchObject({ operation: 'open', accountId: 'a' })
    expect(await db.sessionData('a')).toBe(damaged)
    await write(whole)
  })
})

test.each([
  ['a missing connection string', { databaseUrl: undefined }, 'ERR_CONFIG', 'databaseUrl'],
  ['a missing secret', { secret: undefined }, 'ERR_CONFIG', 'secret'],
  ['a short secret', { secret: 'fifteen letters' }, 'ERR_SECRET_TOO_SHORT', 'secret'],
  ['an unknown option', { databaseURL: 'x' }, 'ERR_CONFIG', 'databaseURL'],
  ['an unknown layout', { layout: 'table' }, 'ERR_CONFIG', 'layout'],
  ['a schema without a name', { schema: '' }, 'ERR_CONFIG', 'schema'],
  ['a word for autoMigrate', { autoMigrate: 'no' }, 'ERR_CONFIG', 'autoMigrate'],
  ['a cache of less than nothing', { cacheBytes: -1 }, 'ERR_CONFIG', 'cacheBytes'],
  ['no time to write', { writeTimeoutMs: 0 }, 'ERR_CONFIG', 'writeTimeoutMs'],
  ['a weaker durability', { durability: 'off' }, 'ERR_CONFIG', 'durability'],
  ['an empty pool', { pool: { size: 0 } }, 'ERR_CONFIG', 'pool'],
  [
    'a time limit that is no number',
    { pool: { waitTimeoutMs: '1s' } },
    'ERR_CONFIG',
    'waitTimeoutMs',
  ],
  ['an unknown TLS mode', { tls: { mode: 'perhaps' } }, 'ERR_CONFIG', 'mode'],
])('%s is refused when the store is made, by the name of the setting', (_, options, code, name) => {
  const error = thrown(() =>
    createSessionStore({
      databaseUrl: 'postgresql://user@localhost/db',
      secret: SECRET,
      ...options,
    }),
  )
  expect(error).toBeInstanceOf(SessionStoreError)
  expect(error).toMatchObject({ code, message: expect.stringContaining(name) })
})
