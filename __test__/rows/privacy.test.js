'use strict'

const { randomBytes } = require('node:crypto')
const { Replay } = require('../contract/replay')
const { readTrace } = require('../contract/trace')
const { createDatabase } = require('../support/database')
const { dump, findReadable } = require('../support/readable')
const { SECRET, makeStore, quickBaileys } = require('../faults/stores')

// Who has the database has the types of the records, their sizes, and when they change; nothing else.

let db

beforeEach(async () => {
  db = await createDatabase()
})

afterEach(() => db.drop())

const all = async (sql) => (await db.query(sql)).rows
const make = (options) => makeStore(db.url, { layout: 'rows', ...options })

/** Every string, property name and byte array in a value, as bytes; text that is JSON is looked into. */
function* secretsIn(value) {
  if (typeof value === 'string') yield Buffer.from(value)
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    yield Buffer.from(value)
    const text = Buffer.from(value).toString()
    if (text.startsWith('[{')) yield* secretsIn(JSON.parse(text))
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (value.type === 'Buffer') {
    yield* secretsIn(Buffer.from(value.data, 'base64'))
    return
  }
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield Buffer.from(name)
    yield* secretsIn(inner)
  }
}

/** Of secrets that are long enough not to be found by chance, each once. */
function unique(secrets) {
  const byText = new Map()
  for (const secret of secrets) {
    if (secret.length >= 12) byText.set(secret.toString('latin1'), secret)
  }
  return [...byText.values()]
}

test.each(['boot-v7', 'socket-v7'])(
  'of %s nothing but the types can be read',
  async (name) => {
    const baileys = await import('baileys')
    const replay = new Replay(baileys, () => make().useAuthState('account'))
    await replay.run(readTrace(name))
    const written = replay.written.all()
    const session = { creds: JSON.parse(replay.creds) }
    for (const [type, texts] of Object.entries(written)) {
      session[type] = Object.entries(texts).map(([id, text]) => [id, JSON.parse(text)])
    }

    const { creds, ...keys } = session
    const secrets = unique([
      ...secretsIn(creds),
      ...secretsIn(Object.values(keys)),
      Buffer.from(SECRET),
    ])
    expect(secrets.length).toBeGreaterThan(1_000)
    const stored = await dump(all)
    expect(stored.length).toBeGreaterThan(100_000)
    const shown = (indices) => indices.map((at) => secrets[at].toString('latin1'))
    expect(shown(findReadable(secrets, stored))).toEqual([])

    // The same search finds all of them where they can be read, and the type of every record in the database.
    const clear = Buffer.concat(secrets.flatMap((secret) => [secret, Buffer.from('\n')]))
    expect(findReadable(secrets, clear)).toHaveLength(secrets.length)
    const kinds = [{ kind: 'creds' }, ...Object.keys(keys).map((kind) => ({ kind }))]
    const stillThere = kinds.filter(
      ({ kind }) => !written[kind] || Object.values(written[kind]).some(Boolean),
    )
    const found = await all('SELECT DISTINCT kind FROM baileys_auth.record')
    expect(found.map(({ kind }) => kind).sort()).toEqual(stillThere.map(({ kind }) => kind).sort())
  },
  120_000,
)

test('the only texts are the account, its owner, the types, the layout, and in quarantine the reason and the original text', async () => {
  const { state, saveCreds } = await make({ baileys: quickBaileys }).useAuthState('account')
  await Promise.all([saveCreds(), state.keys.set({ session: { '5511999990000.0': { n: 1 } } })])
  const columns = await all(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'baileys_auth' AND data_type NOT IN
       ('bytea', 'uuid', 'bigint', 'integer', 'smallint', 'boolean', 'timestamp with time zone')`,
  )
  expect(columns.map(({ name }) => name).sort()).toEqual([
    'quarantine.account_id',
    'quarantine.owner',
    'quarantine.reason',
    'quarantine.session_data',
    'quarantined_record.kind',
    'record.kind',
    'session.account_id',
    'session.owner',
    'store.layout',
  ])
  expect(await all('SELECT account_id, owner FROM baileys_auth.session')).toEqual([
    { account_id: 'account', owner: expect.stringMatching(`:${process.pid}$`) },
  ])
})

test('the same records of two accounts, or written twice, have nothing in common', async () => {
  const store = make({ baileys: quickBaileys })
  const records = { session: { '5511999990000.0': { n: 1 }, '5511999990001.0': { n: 1 } } }
  const seen = { record_hash: new Set(), value: new Set() }
  for (const account of ['a', 'b', 'a', 'b']) {
    await (await store.useAuthState(account)).state.keys.set(records)
    for (const row of await all(`SELECT record_hash, value FROM baileys_auth.record`)) {
      for (const name of Object.keys(seen)) seen[name].add(row[name].toString('hex'))
    }
  }
  // A record has one place as long as its account has a session, and another value whenever it is written.
  expect(seen.record_hash.size).toBe(4)
  expect(seen.value.size).toBe(8)
  await store.clear('a')
  await (await store.useAuthState('a')).state.keys.set(records)
  for (const row of await all('SELECT record_hash FROM baileys_auth.record')) {
    seen.record_hash.add(row.record_hash.toString('hex'))
  }
  expect(seen.record_hash.size).toBe(6)
})

test('after a clear nothing of the account is left', async () => {
  const store = make({ baileys: quickBaileys })
  const name = randomBytes(8).toString('hex')
  const { state, saveCreds } = await store.useAuthState(name)
  await Promise.all([saveCreds(), state.keys.set({ session: { a: { n: 1 } } })])
  expect(findReadable([Buffer.from(name)], await dump(all))).toEqual([0])
  await store.clear(name)
  expect(findReadable([Buffer.from(name)], await dump(all))).toEqual([])
  expect(await all('SELECT FROM baileys_auth.record')).toEqual([])
})
