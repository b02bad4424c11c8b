'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { createSessionStore, decryptData } = require('../..')
const { createDatabase } = require('../support/database')
const { expectRefused, makeStore, quickBaileys } = require('../faults/stores')

// Malformed vectors, one file per defect, each through every way in which what is stored is read. The parsers themselves
// meet them in the crate's own tests.

const FOLDER = path.join(__dirname, '../data/malformed')
const read = (name) => fs.readFileSync(path.join(FOLDER, name), 'utf8').replace(/\n$/, '')
const hex = (name) => Buffer.from(read(name), 'hex')
const namesOf = (kind) => fs.readdirSync(path.join(FOLDER, kind)).sort()
const vectorsOf = (kind, read) => namesOf(kind).map((name) => [path.parse(name).name, read(name)])

const STORE = JSON.parse(read('store.json'))
const ACCOUNT = STORE.accountId

const sealedRecords = vectorsOf('sealed-record', (name) => hex(`sealed-record/${name}`))
const wrappedKeys = vectorsOf('wrapped-key', (name) => hex(`wrapped-key/${name}`))
const texts = vectorsOf('original-blob', (name) => read(`original-blob/${name}`))
const connectionStrings = vectorsOf('connection-string', (name) =>
  read(`connection-string/${name}`),
)

let db

const make = (options) => makeStore(db.url, { baileys: quickBaileys, ...options })

describe('in rows', () => {
  beforeAll(async () => {
    db = await createDatabase({ layout: 'rows' })
    await db.query(
      'UPDATE baileys_auth.store SET kdf_salt = $1, kdf_log_n = $2, kdf_parallelism = 1',
      [Buffer.from(STORE.salt, 'hex'), STORE.logN],
    )
  })

  afterAll(() => db.drop())

  beforeEach(() => put({}))

  const makeRows = (options) => make({ secret: STORE.secret, cacheBytes: 0, ...options })

  /** Puts the session there that the vectors are of, with these parts of it exchanged. */
  async function put({ wrapped = hex('wrapped-key.hex'), record = hex('record.hex'), creds }) {
    const sessionId = STORE.sessionId
    await db.query('DELETE FROM baileys_auth.quarantine')
    await db.query('DELETE FROM baileys_auth.session')
    await db.query(
      `INSERT INTO baileys_auth.session (session_id, account_id, epoch, opener, wrapped_key, key_id, owner)
       VALUES ($1, $2, 1, gen_random_uuid(), $3, $4, 'a test')`,
      [sessionId, ACCOUNT, wrapped, Buffer.from(STORE.keyId, 'hex')],
    )
    const records = [['session', Buffer.from(STORE.recordHash, 'hex'), record]]
    if (creds) records.push(['creds', Buffer.alloc(16), creds])
    for (const [kind, hash, value] of records) {
      await db.query('INSERT INTO baileys_auth.record VALUES ($1, $2, $3, $4)', [
        sessionId,
        hash,
        kind,
        value,
      ])
    }
  }

  async function all(iterator) {
    const found = []
    for await (const each of iterator) found.push(each)
    return found
  }

  test('the session of the vectors is one that reads', async () => {
    const { state } = await makeRows().useAuthState(ACCOUNT)
    expect(await state.keys.get('session', ['1.0'])).toEqual({ '1.0': { value: 1 } })
    expect((await state.keys.listIds('session').next()).value).toBe('1.0')
  })

  test.each(sealedRecords)('a record %s', async (name, record) => {
    await put({ record })
    const { state } = await makeRows().useAuthState(ACCOUNT)
    const before = await db.stored(ACCOUNT)
    await expectRefused(state.keys.get('session', ['1.0']), 'ERR_UNREADABLE')
    await expectRefused(all(state.keys.list('session')), 'ERR_UNREADABLE')
    // The id stands before the value: it is known where the value alone is malformed.
    const ids = await all(state.keys.listIds('session')).catch((error) => error.code)
    expect(ids).toEqual(
      /^plaintext-(value|packed|form-unknown)/.test(name) ? ['1.0'] : 'ERR_UNREADABLE',
    )
    expect(await db.stored(ACCOUNT)).toBe(before)
    await state.keys.set({ session: { '1.0': { value: 2 } } })
    expect(await state.keys.get('session', ['1.0'])).toEqual({ '1.0': { value: 2 } })
  })

  test.each(sealedRecords)('the credentials as a record %s', async (_, creds) => {
    await put({ creds })
    const before = await db.stored(ACCOUNT)
    await expectRefused(makeRows().useAuthState(ACCOUNT), 'ERR_UNREADABLE')
    expect(await db.stored(ACCOUNT)).toBe(before)
    // Fresh, once they are in quarantine.
    const fresh = makeRows({ onUnreadable: 'fresh' })
    await fresh.useAuthState(ACCOUNT)
    expect(await fresh.quarantine()).toMatchObject([
      { reason: 'ERR_UNREADABLE', kinds: { creds: 1, session: 1 } },
    ])
  })

  test.each(wrappedKeys)('a wrapped key %s', async (_, wrapped) => {
    if (wrapped.length !== 61) {
      // The table itself takes no other.
      await expect(put({ wrapped })).rejects.toMatchObject({ code: '23514' })
      return
    }
    await put({ wrapped })
    const before = await db.stored(ACCOUNT)
    await expectRefused(makeRows().useAuthState(ACCOUNT), 'ERR_UNREADABLE')
    expect(await db.stored(ACCOUNT)).toBe(before)
  })
})

describe('a text in the original form', () => {
  beforeAll(async () => {
    db = await createDatabase({ accounts: ['a'] })
  })

  afterAll(() => db.drop())

  const options = { secret: STORE.secret }
  const put = (text) =>
    db.query(`UPDATE whatsapp_accounts SET session_data = $1 WHERE id = 'a'`, [text])

  test.each(texts)('%s, in its column', async (_, text) => {
    await put(text)
    await expectRefused(make(options).useAuthState('a'), 'ERR_UNREADABLE')
    expect(await db.sessionData('a')).toBe(text)
    const fresh = make({ ...options, onUnreadable: 'fresh' })
    await fresh.useAuthState('a')
    const [{ id }] = await fresh.quarantine()
    await fresh.restore(id, { replace: true })
    expect(await db.sessionData('a')).toBe(text)
    await db.query('DELETE FROM baileys_auth.quarantine')
  })

  test.each(texts)('%s, on its way into rows', async (_, text) => {
    await put(text)
    const store = make({ ...options, layout: 'rows', schema: 'rows' })
    await expectRefused(store.useAuthState('a'), 'ERR_UNREADABLE')
    expect(await db.sessionData('a')).toBe(text)
    expect((await db.query('TABLE rows.session')).rows).toEqual([])
  })

  test.each(texts.filter(([name]) => !name.startsWith('plaintext')))(
    '%s, for decryptData',
    (_, text) => {
      let parts
      try {
        parts = JSON.parse(text)
      } catch {
        parts = text
      }
      expect(() => decryptData(parts, STORE.secret)).toThrow('Session decryption failed')
    },
  )
})

test.each(connectionStrings)('a connection string: %s', async (_, databaseUrl) => {
  const use = async () => createSessionStore({ databaseUrl, secret: STORE.secret })
  const error = await expectRefused(use(), 'ERR_CONFIG', 'ERR_TLS')
  expect(error.message).not.toContain('hunter2')
})
