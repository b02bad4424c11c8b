'use strict'

const { ColumnDatabase, SECRET } = require('./column-database')
const original = require('./original')

// A change of the secret, as the original service sees it.

const OTHER = 'another-secret-of-the-same-kind!'
const MARK = 40

const database = new ColumnDatabase()
beforeAll(() => database.setUp())
afterAll(() => database.tearDown())

const session = { creds: { noiseKey: 'n' }, keys: { 'session-1': { a: 1 }, 'lid-mapping-1': '2' } }

const rotate = () => database.store(OTHER, { previousSecrets: [SECRET] }).rotate()

async function rowOf(accountId) {
  const { rows } = await database.db.query('SELECT * FROM whatsapp_accounts WHERE id = $1', [
    accountId,
  ])
  return rows[0]
}

test('it reads what was sealed anew, byte for byte what it had sealed', async () => {
  const text = original.seal(session, SECRET)
  const accountId = await database.accountWith(text)
  await rotate()
  const stored = await database.sessionData(accountId)
  expect(original.open(stored, OTHER)).toBe(original.open(text, SECRET))
  expect(() => original.open(stored, SECRET)).toThrow()
})

test('the beginning and every other column stay; the nonce does not', async () => {
  const text = original.seal(session, SECRET)
  const accountId = await database.accountWith(text)
  const before = await rowOf(accountId)
  await rotate()
  const after = await rowOf(accountId)
  expect({ ...after, session_data: '' }).toEqual({ ...before, session_data: '' })
  expect(after.session_data.slice(0, MARK)).toBe(text.slice(0, MARK))
  expect(JSON.parse(after.session_data).iv).not.toBe(JSON.parse(text).iv)
})

test('the next write puts the usual form in its place', async () => {
  const accountId = await database.accountWith(original.seal(session, SECRET))
  await rotate()
  await database.store(OTHER).useAuthState(accountId)
  const stored = await database.sessionData(accountId)
  expect(JSON.stringify(JSON.parse(stored))).toBe(stored)
})

test('a form that is not the usual one is sealed anew as well', async () => {
  const { iv, authTag, encrypted } = JSON.parse(original.seal(session, SECRET))
  const texts = [
    JSON.stringify({ authTag, encrypted, iv }),
    JSON.stringify({ iv, authTag, encrypted }, null, 2),
    ` \n${JSON.stringify({ iv, authTag, encrypted, more: [1] })}`,
  ]
  for (const text of texts) {
    const accountId = await database.accountWith(text)
    await rotate()
    expect(JSON.parse(original.open(await database.sessionData(accountId), OTHER))).toEqual(session)
  }
})
