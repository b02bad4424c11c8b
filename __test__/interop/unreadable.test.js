'use strict'

const { ColumnDatabase, refusalOf, SECRET } = require('./column-database')
const original = require('./original')

const OTHER = 'another-secret-of-the-same-kind!'

const database = new ColumnDatabase()
beforeAll(() => database.setUp())
afterAll(() => database.tearDown())

const rowOf = async (accountId) =>
  (await database.db.query('SELECT * FROM whatsapp_accounts WHERE id = $1', [accountId])).rows[0]

/** Asserts that opening is refused as unreadable, again and again, and that the row stays exactly as it is. */
async function expectUnreadable(sessionData, store = database.store()) {
  const accountId = await database.accountWith(sessionData)
  const before = await rowOf(accountId)
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = await refusalOf(store.useAuthState(accountId))
    expect(error).toMatchObject({ code: 'ERR_UNREADABLE', operation: 'open', accountId })
    expect(error.message).not.toContain('noiseKey')
  }
  expect(await rowOf(accountId)).toEqual(before)
}

const session = { creds: { noiseKey: 'n' }, keys: { 'session-1': { a: 1 }, 'lid-mapping-1': '2' } }
const sealed = () => original.encrypt(JSON.stringify(session), SECRET)

describe('a session that was changed', () => {
  /** Replaces the hex digit at a place of one part by another one. */
  const flip = (part, place) => {
    const parts = sealed()
    const at = place < 0 ? parts[part].length + place : place
    const digit = (Number.parseInt(parts[part][at], 16) ^ 1).toString(16)
    parts[part] = parts[part].slice(0, at) + digit + parts[part].slice(at + 1)
    return JSON.stringify(parts)
  }

  test.each([
    ['first digit of the nonce', 'iv', 0],
    ['last digit of the nonce', 'iv', -1],
    ['first digit of the tag', 'authTag', 0],
    ['last digit of the tag', 'authTag', -1],
    ['first digit of the ciphertext', 'encrypted', 0],
    ['a digit in the middle of the ciphertext', 'encrypted', 41],
    ['last digit of the ciphertext', 'encrypted', -1],
  ])('in the %s', (_, part, place) => expectUnreadable(flip(part, place)))

  const altered = {
    'with the nonce of another session': () => ({ ...sealed(), iv: sealed().iv }),
    'with the tag of another session': () => ({ ...sealed(), authTag: sealed().authTag }),
    'with the ciphertext of another session': () => ({
      ...sealed(),
      encrypted: sealed().encrypted,
    }),
    'with a ciphertext that lost its last byte': () => {
      const parts = sealed()
      return { ...parts, encrypted: parts.encrypted.slice(0, -2) }
    },
    'with a ciphertext that lost half a byte': () => {
      const parts = sealed()
      return { ...parts, encrypted: parts.encrypted.slice(0, -1) }
    },
    'with a ciphertext that has a byte more': () => {
      const parts = sealed()
      return { ...parts, encrypted: `${parts.encrypted}00` }
    },
    'with an empty ciphertext': () => ({ ...sealed(), encrypted: '' }),
    'with a shorter tag, which would be easier to guess': () => {
      const parts = sealed()
      return { ...parts, authTag: parts.authTag.slice(0, 8) }
    },
    'with an empty tag': () => ({ ...sealed(), authTag: '' }),
    'with a shorter nonce': () => {
      const parts = sealed()
      return { ...parts, iv: parts.iv.slice(2) }
    },
    'with an empty nonce': () => ({ ...sealed(), iv: '' }),
    'with a part that is no hex': () => ({ ...sealed(), iv: 'zz'.repeat(12) }),
    'with a part that is a number': () => ({ ...sealed(), iv: 7 }),
    'without a nonce': () => ({ ...sealed(), iv: undefined }),
    'without a tag': () => ({ ...sealed(), authTag: undefined }),
    'without a ciphertext': () => ({ ...sealed(), encrypted: undefined }),
    'that is an empty object': () => ({}),
    'that is an array': () => [],
    'that is a number': () => 7,
    'that is null as JSON': () => null,
    'that is a string': () => 'noiseKey',
  }
  test.each(Object.keys(altered))('%s', (name) => expectUnreadable(JSON.stringify(altered[name]())))

  const cut = [1, 10, 39, 40, 41, 100, -1]
  test.each(cut)('whose text ends at %d', (end) =>
    expectUnreadable(JSON.stringify(sealed()).slice(0, end)),
  )

  test.each([
    ['is not JSON', 'noiseKey: secret'],
    ['has something behind it', `${JSON.stringify(original.encrypt('{}', SECRET))}x`],
    ['is the session in the clear', JSON.stringify(session)],
  ])('whose text %s', (_, text) => expectUnreadable(text))
})

describe('a session that opens but is none', () => {
  const texts = {
    'is empty': '',
    'is not JSON': 'noiseKey',
    'is an array': '[]',
    'is a string': '"noiseKey"',
    'is null': 'null',
    'is a number': '7',
    'has keys that are an array': '{"creds":{},"keys":[]}',
    'has keys that are a string': '{"creds":{},"keys":"noiseKey"}',
    'ends early': '{"creds":{"noiseKey":1},"keys":{',
    'has something behind it': '{"creds":{},"keys":{}}x',
  }
  test.each(Object.keys(texts))('because its text %s', (name) =>
    expectUnreadable(JSON.stringify(original.encrypt(texts[name], SECRET))),
  )
})

test('a session under another secret', async () => {
  await expectUnreadable(JSON.stringify(sealed()), database.store(OTHER))
})

test('a session of another account under the same secret is read: the original form binds it to no account', async () => {
  const text = JSON.stringify(sealed())
  const [first, second] = [await database.accountWith(text), await database.accountWith(text)]
  for (const accountId of [first, second]) {
    const { state } = await database.store().useAuthState(accountId)
    expect(await state.keys.get('lid-mapping', ['1'])).toEqual({ 1: '2' })
  }
})

test('an unreadable session can be cleared, and then starts fresh', async () => {
  const accountId = await database.accountWith('noiseKey: secret')
  const store = database.store()
  await store.clear(accountId)
  const { state } = await store.useAuthState(accountId)
  expect(state.creds.registered).toBe(false)
})

test('an account without a row', async () => {
  const store = database.store()
  const error = await refusalOf(store.useAuthState('nobody'))
  expect(error).toMatchObject({ code: 'ERR_ACCOUNT_NOT_FOUND', accountId: 'nobody' })
  const { rows } = await database.db.query('SELECT 1 FROM whatsapp_accounts WHERE id = $1', [
    'nobody',
  ])
  expect(rows).toEqual([])
})

test('an account whose row was deleted while it is open', async () => {
  const accountId = await database.accountWith(null)
  const { state, saveCreds } = await database.store().useAuthState(accountId)
  await database.db.query('DELETE FROM whatsapp_accounts WHERE id = $1', [accountId])
  const set = await refusalOf(state.keys.set({ session: { 1: 'x' } }))
  expect(set).toMatchObject({ code: 'ERR_ACCOUNT_NOT_FOUND', operation: 'set', accountId })
  expect((await refusalOf(saveCreds())).code).toBe('ERR_ACCOUNT_NOT_FOUND')
})
