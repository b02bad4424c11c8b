'use strict'

const { ColumnDatabase, refusalOf, SECRET } = require('./column-database')
const original = require('./original')
const { vectors } = require('./vectors')

const NEWER = 'the-secret-that-came-after-that'

const database = new ColumnDatabase()
let baileys

beforeAll(async () => {
  await database.setUp()
  baileys = await import('baileys')
})

afterAll(() => database.tearDown())

const codeOf = async (promise) => (await refusalOf(promise)).code

const storedCreds = async (accountId, secret = SECRET) =>
  JSON.parse(original.open(await database.sessionData(accountId), secret)).creds

describe('credentials of another identity', () => {
  test('do not replace the ones that were read', async () => {
    const accountId = await database.accountWith(vectors[1].session_data)
    const { state, saveCreds } = await database.store(SECRET).useAuthState(accountId)
    const before = await database.sessionData(accountId)

    Object.assign(state.creds, baileys.initAuthCreds())
    expect(await codeOf(saveCreds())).toBe('ERR_IDENTITY_CHANGED')
    expect(await database.sessionData(accountId)).toBe(before)
    expect(original.open(before, SECRET)).toBe(vectors[1].plaintext)
  })

  test('do not replace the ones that were saved', async () => {
    const accountId = await database.accountWith(null)
    const { state, saveCreds } = await database.store(SECRET).useAuthState(accountId)
    await saveCreds()
    const first = await storedCreds(accountId)

    state.creds.signedIdentityKey = baileys.initAuthCreds().signedIdentityKey
    expect(await codeOf(saveCreds())).toBe('ERR_IDENTITY_CHANGED')
    // Nor those of a save that is still on its way.
    delete state.creds.signedIdentityKey
    expect(await codeOf(saveCreds())).toBe('ERR_IDENTITY_CHANGED')
    expect(await storedCreds(accountId)).toEqual(first)
  })

  test('do not hinder keys, nor the own identity afterwards', async () => {
    const accountId = await database.accountWith(null)
    const { state, saveCreds } = await database.store(SECRET).useAuthState(accountId)
    await saveCreds()
    const own = state.creds.signedIdentityKey

    state.creds.signedIdentityKey = baileys.initAuthCreds().signedIdentityKey
    const [refused] = await Promise.all([
      codeOf(saveCreds()),
      state.keys.set({ session: { 1: 'x' } }),
    ])
    expect(refused).toBe('ERR_IDENTITY_CHANGED')
    state.creds.signedIdentityKey = own
    state.creds.nextPreKeyId = 813
    await saveCreds()
    const { creds, keys } = JSON.parse(original.open(await database.sessionData(accountId), SECRET))
    expect({ nextPreKeyId: creds.nextPreKeyId, keys }).toEqual({
      nextPreKeyId: 813,
      keys: { 'session-1': 'x' },
    })
  })

  test('may come once the session was cleared', async () => {
    const store = database.store(SECRET)
    const accountId = await database.accountWith(vectors[1].session_data)
    await store.clear(accountId)
    const { state, saveCreds } = await store.useAuthState(accountId)
    await saveCreds()
    const stored = await storedCreds(accountId)
    const key = Buffer.from(stored.signedIdentityKey.public.data, 'base64')
    expect(key).toEqual(Buffer.from(state.creds.signedIdentityKey.public))
  })

  test('the same identity in an older form of byte arrays is the same', async () => {
    const { plaintext } = vectors[1]
    const session = JSON.parse(plaintext)
    const key = Buffer.from(session.creds.signedIdentityKey.public.data, 'base64')
    session.creds.signedIdentityKey.public = { ...key }
    const accountId = await database.accountWith(original.seal(session, SECRET))
    const { state, saveCreds } = await database.store(SECRET).useAuthState(accountId)
    expect(state.creds.signedIdentityKey.public).toEqual(key)
    await saveCreds()
    expect(await storedCreds(accountId)).toEqual(JSON.parse(plaintext).creds)
  })
})

describe('previous secrets', () => {
  test('open a session, which is then sealed with the new one', async () => {
    const accountId = await database.accountWith(vectors[1].session_data)
    const store = database.store(NEWER, { previousSecrets: ['one-that-was-never-used', SECRET] })
    const { state, saveCreds } = await store.useAuthState(accountId)
    expect(original.open(await database.sessionData(accountId), NEWER)).toBe(vectors[1].plaintext)

    await state.keys.set({ session: { 1: 'x' } })
    await saveCreds()
    expect(await codeOf(database.store(SECRET).useAuthState(accountId))).toBe('ERR_UNREADABLE')
    const again = await database.store(NEWER).useAuthState(accountId)
    expect(await again.state.keys.get('session', ['1'])).toEqual({ 1: 'x' })
  })

  test('are not used to seal', async () => {
    const accountId = await database.accountWith(null)
    const store = database.store(NEWER, { previousSecrets: [SECRET] })
    const { saveCreds } = await store.useAuthState(accountId)
    await saveCreds()
    const sessionData = await database.sessionData(accountId)
    expect(() => original.open(sessionData, SECRET)).toThrow()
    expect(JSON.parse(original.open(sessionData, NEWER)).creds.registrationId).toBeDefined()
  })

  test('that do not fit leave the session as it is', async () => {
    const accountId = await database.accountWith(vectors[1].session_data)
    const store = database.store(NEWER, { previousSecrets: ['one-that-was-never-used'] })
    expect(await codeOf(store.useAuthState(accountId))).toBe('ERR_UNREADABLE')
    expect(await database.sessionData(accountId)).toBe(vectors[1].session_data)
  })
})
