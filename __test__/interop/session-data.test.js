'use strict'

const { describeValue } = require('../contract/describe-value')
const { recordsOf: realRecords, recordTypes } = require('../contract/records')
const { classesOf, expectedOf, reviveType } = require('../contract/reference')
const { ColumnDatabase, SECRET } = require('./column-database')
const original = require('./original')
const { recordsOf, vectors } = require('./vectors')

const database = new ColumnDatabase()
let baileys
let classes

beforeAll(async () => {
  await database.setUp()
  baileys = await import('baileys')
  classes = classesOf(baileys)
})

afterAll(() => database.tearDown())

const revive = (value) => JSON.parse(JSON.stringify(value), baileys.BufferJSON.reviver)
const describe_ = (value) => describeValue(value, classes)

describe('what the original service wrote', () => {
  test.each(vectors)('$name: every record is read', async ({ secret, plaintext, session_data }) => {
    const accountId = await database.accountWith(session_data)
    const { state } = await database.store(secret).useAuthState(accountId)
    const stored = JSON.parse(plaintext)

    for (const [type, records] of Object.entries(recordsOf(stored))) {
      const answer = await state.keys.get(type, Object.keys(records))
      for (const [id, value] of Object.entries(records)) {
        const expected = reviveType(baileys, type, revive(value))
        expect([type, id, describe_(answer[id])]).toEqual([type, id, describe_(expected)])
      }
    }
    if (Object.keys(stored.creds).length > 0) {
      expect(describe_(state.creds)).toBe(describe_(revive(stored.creds)))
    }
  })

  test.each(vectors)('$name: opening changes nothing but the seal', async (vector) => {
    const accountId = await database.accountWith(vector.session_data)
    await database.store(vector.secret).useAuthState(accountId)
    const sessionData = await database.sessionData(accountId)
    expect(sessionData).not.toBe(vector.session_data)
    expect(original.open(sessionData, vector.secret)).toBe(vector.plaintext)
  })

  test('every type is among the vectors', () => {
    const found = vectors.flatMap(({ plaintext }) => Object.keys(recordsOf(JSON.parse(plaintext))))
    expect([...new Set(found)].sort()).toEqual([...recordTypes].sort())
  })

  test('a session that was never paired gets fresh credentials, and keeps its keys', async () => {
    const session = { creds: {}, keys: { 'lid-mapping-1': '2' } }
    const accountId = await database.accountWith(original.seal(session, SECRET))
    const { state, saveCreds } = await database.store().useAuthState(accountId)
    expect(Object.keys(state.creds)).toEqual(Object.keys(baileys.initAuthCreds()))
    expect(await state.keys.get('lid-mapping', ['1'])).toEqual({ 1: '2' })

    await saveCreds()
    const stored = JSON.parse(original.open(await database.sessionData(accountId), SECRET))
    expect(stored.keys).toEqual(session.keys)
    expect(describe_(revive(stored.creds))).toBe(
      describe_(expectedOf(baileys, 'creds', state.creds)),
    )
  })
})

describe('what we write', () => {
  test('the original algorithm reads, with every type of record', async () => {
    const accountId = await database.accountWith(null)
    const { state, saveCreds } = await database.store().useAuthState(accountId)
    expect(original.open(await database.sessionData(accountId), SECRET)).toBe(
      '{"creds":{},"keys":{}}',
    )

    const records = realRecords(baileys)
    await saveCreds()
    await state.keys.set(records)
    const sessionData = await database.sessionData(accountId)
    expect(sessionData).toMatch(
      /^\{"iv":"[0-9a-f]{24}","authTag":"[0-9a-f]{32}","encrypted":"([0-9a-f]{2})+"\}$/,
    )

    const { creds, keys } = JSON.parse(original.open(sessionData, SECRET))
    expect(describe_(revive(creds))).toBe(describe_(expectedOf(baileys, 'creds', state.creds)))
    const expected = Object.entries(records).flatMap(([type, byId]) =>
      Object.entries(byId).map(([id, value]) => [
        `${type}-${id}`,
        describe_(expectedOf(baileys, type, value)),
      ]),
    )
    const read = Object.entries(recordsOf({ keys })).flatMap(([type, byId]) =>
      Object.entries(byId).map(([id, value]) => [
        `${type}-${id}`,
        describe_(reviveType(baileys, type, revive(value))),
      ]),
    )
    expect(read.sort()).toEqual(expected.sort())
  })

  test('the text of each value is what BufferJSON writes, in the order that it was set', async () => {
    const accountId = await database.accountWith(null)
    const { state } = await database.store().useAuthState(accountId)
    const records = {
      session: { b: { z: 1, a: 'é😀\ud800\u0000"\\\u2028' }, a: Buffer.from('bytes') },
      'identity-key': { 'a"b\\c\u0001': new Uint8Array([1, 2, 3]) },
    }
    await state.keys.set(records)
    const { replacer } = baileys.BufferJSON
    const flat = {
      'session-b': records.session.b,
      'session-a': records.session.a,
      'identity-key-a"b\\c\u0001': records['identity-key']['a"b\\c\u0001'],
    }
    expect(original.open(await database.sessionData(accountId), SECRET)).toBe(
      `{"creds":{},"keys":${JSON.stringify(flat, replacer)}}`,
    )
  })

  test('a key that was deleted is gone from the text', async () => {
    const accountId = await database.accountWith(null)
    const { state } = await database.store().useAuthState(accountId)
    await state.keys.set({ session: { 1: 'x', 2: 'y' } })
    await state.keys.set({ session: { 1: null } })
    expect(original.open(await database.sessionData(accountId), SECRET)).toBe(
      '{"creds":{},"keys":{"session-2":"y"}}',
    )
  })

  test('no two writes use the same nonce', async () => {
    const accountId = await database.accountWith(null)
    const { state } = await database.store().useAuthState(accountId)
    const nonces = new Set()
    for (let i = 0; i < 50; i++) {
      await state.keys.set({ session: { 1: 'the same' } })
      nonces.add(JSON.parse(await database.sessionData(accountId)).iv)
    }
    expect(nonces.size).toBe(50)
  })

  test('a cleared session is NULL', async () => {
    const store = database.store()
    const accountId = await database.accountWith(vectors[2].session_data)
    await store.clear(accountId)
    expect(await database.sessionData(accountId)).toBeNull()
  })
})
