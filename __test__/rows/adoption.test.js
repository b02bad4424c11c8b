'use strict'

const { describeAnswer, describeValue } = require('../contract/describe-value')
const { recordsOf: realRecords } = require('../contract/records')
const { classesOf, expectedOf, reviveType } = require('../contract/reference')
const { Replay } = require('../contract/replay')
const { Written, readTrace } = require('../contract/trace')
const original = require('../interop/original')
const { recordsOf, vectors } = require('../interop/vectors')
const { createDatabase } = require('../support/database')
const { SECRET, addAccount, makeStore } = require('../faults/stores')

// A session that the accounts table holds moves into rows when it is opened, byte for byte.

let db, baileys, classes

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
  baileys = await import('baileys')
  classes = classesOf(baileys)
})

afterAll(() => db.drop())

/** An account whose session is in the accounts table. */
async function accountWith(sessionData) {
  const account = await addAccount(db)
  const put = 'UPDATE whatsapp_accounts SET session_data = $2 WHERE id = $1'
  await db.query(put, [account, sessionData])
  return account
}

const revive = (value) => JSON.parse(JSON.stringify(value), baileys.BufferJSON.reviver)
const describe_ = (value) => describeValue(value, classes)
const textOf = (value) => JSON.stringify(value, baileys.BufferJSON.replacer)

async function collect(iterator) {
  const items = []
  for await (const item of iterator) items.push(item)
  return items
}

/** Asserts that a handle has exactly these records, given in the form of JSON, and that the accounts table has none. */
async function expectAdopted({ account, state }, { creds, keys }) {
  for (const [type, records] of Object.entries(recordsOf({ keys }))) {
    const ids = Object.keys(records)
    expect((await collect(state.keys.listIds(type))).sort()).toEqual(ids.sort())
    const answer = await state.keys.get(type, ids)
    for (const id of ids) {
      const expected = reviveType(baileys, type, revive(records[id]))
      expect([type, id, describe_(answer[id])]).toEqual([type, id, describe_(expected)])
    }
  }
  if (Object.keys(creds).length > 0) expect(describe_(state.creds)).toBe(describe_(revive(creds)))
  expect(await db.sessionData(account)).toBeNull()
}

test.each(vectors)('$name, as the original service wrote it', async (vector) => {
  const { secret, plaintext, session_data: sessionData } = vector
  const account = await accountWith(sessionData)
  // Never from memory: what is compared is what the rows hold.
  const store = () => makeStore(db.url, { secret, cacheBytes: 0 })
  const session = JSON.parse(plaintext)
  for (let times = 0; times < 2; times++) {
    await expectAdopted({ account, ...(await store().useAuthState(account)) }, session)
  }
})

test('every type of record, as layout column wrote it', async () => {
  const column = await createDatabase({ accounts: ['a'] })
  try {
    const records = realRecords(baileys)
    const older = makeStore(column.url, { layout: 'column' })
    const { state, saveCreds } = await older.useAuthState('a')
    await Promise.all([saveCreds(), state.keys.set(records)])
    await older.close()

    const newer = await makeStore(column.url, { layout: 'rows', cacheBytes: 0 }).useAuthState('a')
    for (const [type, byId] of Object.entries(records)) {
      const ids = Object.keys(byId)
      const answer = describeAnswer(await newer.state.keys.get(type, ids), classes)
      const expected = Object.fromEntries(
        ids.map((id) => [id, expectedOf(baileys, type, byId[id])]),
      )
      expect(answer).toEqual(describeAnswer(expected, classes))
      expect((await collect(newer.state.keys.listIds(type))).sort()).toEqual(ids.sort())
    }
    expect(textOf(newer.state.creds)).toBe(textOf(state.creds))
    expect(await column.sessionData('a')).toBeNull()
    // From here on nobody needs to say so.
    expect(await column.query('SELECT FROM baileys_auth.session')).toHaveProperty('rowCount', 1)
  } finally {
    await column.drop()
  }
})

test('types that nobody knows yet, with hyphens in them', async () => {
  const column = await createDatabase({ accounts: ['a'] })
  try {
    const records = {
      receipt: { 'a-b': { n: 1 } },
      'a-coming-type': { 'x-y': { n: 2 }, '-': { n: 3 } },
    }
    const older = makeStore(column.url, { layout: 'column' })
    await (await older.useAuthState('a')).state.keys.set(records)
    await older.close()
    const { state } = await makeStore(column.url, { layout: 'rows' }).useAuthState('a')
    for (const [type, byId] of Object.entries(records)) {
      expect(await state.keys.get(type, Object.keys(byId))).toEqual(byId)
    }
  } finally {
    await column.drop()
  }
})

test.each(['boot-v7', 'dm-v7'])(
  'a whole session, as %s leaves it',
  async (name) => {
    const written = new Written()
    for (const { t, data } of readTrace(name)) if (t === 'set') written.apply(data)
    const keys = {}
    for (const [type, texts] of Object.entries(written.all())) {
      for (const [id, text] of Object.entries(texts)) {
        if (text !== null) keys[`${type}-${id}`] = JSON.parse(text)
      }
    }
    const creds = JSON.parse(textOf(baileys.initAuthCreds()))
    const account = await accountWith(original.seal({ creds, keys }, SECRET))
    const handle = await makeStore(db.url, { cacheBytes: 1 << 20 }).useAuthState(account)

    const replay = new Replay(baileys)
    Object.assign(replay, { written, creds: JSON.stringify(creds) })
    await replay.expectFinalState(handle)
    expect(await db.sessionData(account)).toBeNull()
    const { rows } = await db.query(
      `SELECT count(*)::int FROM baileys_auth.record JOIN baileys_auth.session USING (session_id)
     WHERE account_id = $1`,
      [account],
    )
    expect(rows).toEqual([{ count: Object.keys(keys).length + 1 }])
  },
  120_000,
)

test('a session that was never paired gets fresh credentials, and keeps its keys', async () => {
  const session = { creds: {}, keys: { 'lid-mapping-1': '2' } }
  const account = await accountWith(original.seal(session, SECRET))
  const handle = { account, ...(await makeStore(db.url).useAuthState(account)) }
  expect(handle.state.creds.registered).toBe(false)
  await expectAdopted(handle, session)
  await handle.saveCreds()
})
