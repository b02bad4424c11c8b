'use strict'

const { ColumnDatabase, SECRET } = require('./column-database')
const original = require('./original')

// A session that was in rows, as the original service sees it.

const database = new ColumnDatabase()
beforeAll(() => database.setUp())
afterAll(() => database.tearDown())

const OTHER = 'another-secret-of-the-same-kind!'

const store = (options) => database.store(SECRET, { layout: undefined, ...options })

/** Names and values that are hard to keep; as JSON text, since not all of it is what `JSON.stringify` would write. */
const SESSION = `{"creds":{"b":1,"a":{"type":"Buffer","data":"AAEC"},"10":1,"2":0,"e":"\\u00e9é😀","half":"\\ud800"},
  "keys":{"session-1.0":{"z":1.50,"a":[1e3,{"type":"Buffer","data":""}]},"lid-mapping-1_reverse":"2",
  "sender-key-1@g.us::2::3":{"type":"Buffer","data":"/+8="},"sender-key-memory-1@g.us":{},"app-state-sync-key-AA/B=":{"keyData":"x"},
  "odd":1,"my-type-a-b":2,"session-\\ud800":3,"session-\\"q\\"\\n":4,"__proto__":5,"session-":6}}`

const rowsOf = async (id) =>
  (await database.db.query('SELECT * FROM whatsapp_accounts WHERE id = $1', [id])).rows[0]

test('is what it had sealed, name by name and text by text', async () => {
  const id = await database.accountWith(JSON.stringify(original.encrypt(SESSION, SECRET)))
  expect(await store().migrate()).toMatchObject({ moved: 1, left: 0 })
  expect(await database.sessionData(id)).toBeNull()
  expect(await store().migrate({ to: 'column' })).toMatchObject({ moved: 1, left: 0 })
  const plaintext = original.open(await database.sessionData(id), SECRET)
  expect(JSON.parse(plaintext)).toEqual(JSON.parse(SESSION))
  // Values are copied, not decoded and encoded again.
  for (const text of ['"z":1.50,"a":[1e3,', '"\\u00e9é😀"', '"half":"\\ud800"', '"10":1,"2":0']) {
    expect(plaintext).toContain(text)
  }
  expect(plaintext.startsWith('{"creds":{"b":1,')).toBe(true)
})

test('is of the form that it writes, and its row as the service would leave it', async () => {
  const id = await database.accountWith(original.seal({ creds: { a: 1 }, keys: {} }, SECRET))
  const before = await rowsOf(id)
  await store().migrate()
  await store().migrate({ to: 'column' })
  const after = await rowsOf(id)
  expect(Object.keys(JSON.parse(after.session_data))).toEqual(['iv', 'authTag', 'encrypted'])
  expect(JSON.stringify(JSON.parse(after.session_data))).toBe(after.session_data)
  expect(after.updated_at.getTime()).toBeGreaterThan(before.updated_at.getTime())
  const others = ({ session_data, updated_at, ...rest }) => rest
  expect(others(after)).toEqual(others(before))
})

test('has what was written to it in rows', async () => {
  const session = { creds: { a: 1 }, keys: { 'session-1.0': { n: 1 }, 'pre-key-1': { n: 1 } } }
  const id = await database.accountWith(original.seal(session, SECRET))
  await store().migrate()
  const { state, saveCreds } = await store().useAuthState(id)
  state.creds.a = 2
  await saveCreds()
  await state.keys.set({
    session: { '1.0': { n: 2 }, '2.0': { bytes: Buffer.from('abc') } },
    'pre-key': { 1: null },
    'sender-key': { 'g::1::0': Buffer.from('def') },
  })
  await store().migrate({ to: 'column' })
  const stored = JSON.parse(original.open(await database.sessionData(id), SECRET))
  expect(stored).toEqual({
    creds: { a: 2 },
    keys: {
      'session-1.0': { n: 2 },
      'session-2.0': { bytes: { type: 'Buffer', data: 'YWJj' } },
      'sender-key-g::1::0': { type: 'Buffer', data: 'ZGVm' },
    },
  })
})

test('is under the current secret, whichever it was under before', async () => {
  const id = await database.accountWith(original.seal({ creds: { a: 1 }, keys: {} }, SECRET))
  await store().migrate()
  const changed = database.store(OTHER, { layout: undefined, previousSecrets: [SECRET] })
  await changed.migrate({ to: 'column' })
  expect(JSON.parse(original.open(await database.sessionData(id), OTHER)).creds).toEqual({ a: 1 })
})

test('one that was never paired is empty credentials, which the service takes for none', async () => {
  const id = await database.accountWith(null)
  await store().migrate()
  await store().useAuthState(id)
  await store().migrate({ to: 'column' })
  expect(JSON.parse(original.open(await database.sessionData(id), SECRET))).toEqual({
    creds: {},
    keys: {},
  })
})
