'use strict'

const { createDatabase } = require('../support/database')
const { addAccount, expectRefused, makeStore } = require('../faults/stores')

// Rows that somebody or something has changed: told as what they are, never taken for absent, and left as they are.

const VALUE = 'a-value-that-nobody-may-see'
const SESSIONS = { a: { value: VALUE }, b: { value: 'another' } }

let db, store

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

beforeEach(async () => {
  // What is in memory is not what is stored.
  store = makeStore(db.url, { cacheBytes: 0 })
})

/** A new account, with credentials, two sessions of one size and an identity key. */
async function openNew() {
  const account = await addAccount(db)
  const handle = { account, ...(await store.useAuthState(account)) }
  await handle.saveCreds()
  for (const [id, value] of Object.entries(SESSIONS)) {
    await handle.state.keys.set({ session: { [id]: value } })
  }
  await handle.state.keys.set({ 'identity-key': { a: Buffer.alloc(33, 5) } })
  return handle
}

/** The `n`th record of a kind of an account, in the order in which they were written. */
const recordOf = (account, kind, n = 0) => `
  (session_id, record_hash) = (
    SELECT session_id, record_hash FROM baileys_auth.record JOIN baileys_auth.session USING (session_id)
    WHERE account_id = '${account}' AND kind = '${kind}' ORDER BY record.xmin::text::bigint OFFSET ${n} LIMIT 1)`

const sealedValueOf = (account, kind, n) =>
  `(SELECT value FROM baileys_auth.record WHERE ${recordOf(account, kind, n)})`

/** Changes an account's rows, and gives what puts them back. */
async function change(account, statement) {
  const copy = `copy_of_${account.replaceAll('-', '_')}`
  await db.query(`
    CREATE TABLE ${copy}_session AS SELECT * FROM baileys_auth.session WHERE account_id = '${account}';
    CREATE TABLE ${copy}_record AS
      SELECT * FROM baileys_auth.record WHERE session_id IN (SELECT session_id FROM ${copy}_session)`)
  const { rowCount } = await db.query(statement)
  expect(rowCount).toBeGreaterThan(0)
  return () =>
    db.query(`
      DELETE FROM baileys_auth.session WHERE session_id IN (SELECT session_id FROM ${copy}_session);
      INSERT INTO baileys_auth.session TABLE ${copy}_session;
      INSERT INTO baileys_auth.record TABLE ${copy}_record`)
}

async function expectUnreadable(promise, operation, account) {
  const error = await expectRefused(promise, 'ERR_UNREADABLE')
  expect(error).toMatchObject({ operation, accountId: account })
  expect(error.message).not.toContain(VALUE)
  return error
}

const set = (account, to, n) =>
  `UPDATE baileys_auth.record SET ${to} WHERE ${recordOf(account, 'session', n)}`
const flipped = (place) => `value = set_byte(value, ${place}, get_byte(value, ${place}) # 1)`

const damages = {
  'whose first byte is flipped': (a) => set(a, flipped('0')),
  'whose nonce is changed': (a) => set(a, flipped('1')),
  'whose ciphertext is changed': (a) => set(a, flipped('octet_length(value) / 2')),
  'whose last byte is flipped': (a) => set(a, flipped('octet_length(value) - 1')),
  'that lost its last byte': (a) => set(a, 'value = substr(value, 1, octet_length(value) - 1)'),
  'that lost all but its first bytes': (a) => set(a, 'value = substr(value, 1, 20)'),
  'that is one byte': (a) => set(a, `value = '\\x01'`),
  'that is empty': (a) => set(a, `value = ''`),
  'that has a byte more': (a) => set(a, `value = value || '\\x00'`),
  'that has the value of another one of its type': (a) =>
    set(a, `value = ${sealedValueOf(a, 'session', 1)}`),
  'that has the value of one of another type': (a) =>
    set(a, `value = ${sealedValueOf(a, 'identity-key')}`),
  'that has the value of the same one of another account': (a, other) =>
    set(a, `value = ${sealedValueOf(other, 'session')}`),
  'that has the credentials as its value': (a) => set(a, `value = ${sealedValueOf(a, 'creds')}`),
  'that is in the clear': (a) => set(a, `value = convert_to('{"value":1}', 'utf8')`),
}

describe('a record', () => {
  test.each(Object.keys(damages))(
    '%s is ERR_UNREADABLE, and stays as it is until it is put right',
    async (name) => {
      const [handle, other] = [await openNew(), await openNew()]
      const { account, state } = handle
      const restore = await change(account, damages[name](account, other.account))
      const before = await db.stored(account)

      for (const ids of [['a'], ['b', 'a', 'missing']]) {
        const { message } = await expectUnreadable(state.keys.get('session', ids), 'get', account)
        expect(message).toContain('session')
      }
      const fresh = await makeStore(db.url).useAuthState(other.account)
      expect(await fresh.state.keys.get('session', ['a', 'b'])).toEqual(SESSIONS)
      expect(await state.keys.get('session', ['b'])).toEqual({ b: SESSIONS.b })
      expect(await db.stored(account)).toBe(before)

      // Everything else goes on.
      await state.keys.set({ session: { c: { n: 1 } } })
      await handle.saveCreds()
      expect(await state.keys.get('session', ['b', 'c'])).toEqual({ b: SESSIONS.b, c: { n: 1 } })

      await restore()
      expect(await state.keys.get('session', ['a', 'b'])).toEqual(SESSIONS)
    },
  )

  test('that cannot be read can be written anew, or deleted', async () => {
    const { account, state } = await openNew()
    await change(account, set(account, flipped('30')))
    await state.keys.set({ session: { a: { n: 2 } } })
    expect(await state.keys.get('session', ['a'])).toEqual({ a: { n: 2 } })
    // Of the two it is now the older one.
    await db.query(set(account, flipped('30')))
    await expectUnreadable(state.keys.get('session', ['b']), 'get', account)
    await state.keys.set({ session: { b: null } })
    expect(await state.keys.get('session', ['a', 'b'])).toEqual({ a: { n: 2 }, b: null })
  })

  test('that cannot be read is not left out of a list', async () => {
    const { account, state } = await openNew()
    const restore = await change(account, set(account, flipped('30')))
    const iterate = async (iterator) => {
      for await (const _ of iterator);
    }
    await expectUnreadable(iterate(state.keys.list('session')), 'list', account)
    await expectUnreadable(iterate(state.keys.listIds('session')), 'listIds', account)
    await iterate(state.keys.listIds('identity-key'))
    await restore()
    await iterate(state.keys.list('session'))
  })

  test('whose type is changed is not listed as one of that type', async () => {
    const { account, state } = await openNew()
    await change(account, set(account, `kind = 'pre-key'`))
    await expectUnreadable(state.keys.listIds('pre-key').next(), 'listIds', account)
    expect(await state.keys.get('session', ['a'])).toEqual({ a: SESSIONS.a })
  })

  test('that was moved to another place is missing there, and is not left out of a list', async () => {
    const { account, state } = await openNew()
    await change(account, set(account, `record_hash = substr(sha256('elsewhere'), 1, 16)`))
    expect(await state.keys.get('session', ['a'])).toEqual({ a: null })
    await expectUnreadable(state.keys.listIds('session').next(), 'listIds', account)
  })
})

describe('an account cannot be opened, and its owner and epoch stay', () => {
  const session = (account, to) =>
    `UPDATE baileys_auth.session SET ${to} WHERE account_id = '${account}'`
  const flipKey = (place) =>
    `wrapped_key = set_byte(wrapped_key, ${place}, get_byte(wrapped_key, ${place}) # 1)`
  const creds = (account, to) =>
    `UPDATE baileys_auth.record SET ${to} WHERE ${recordOf(account, 'creds')}`
  const keyOf = (account) =>
    `(SELECT wrapped_key FROM baileys_auth.session WHERE account_id = '${account}')`

  const broken = {
    'whose wrapped key has another first byte': (a) => session(a, flipKey(0)),
    'whose wrapped key has another nonce': (a) => session(a, flipKey(5)),
    'whose wrapped key is changed': (a) => session(a, flipKey(30)),
    'whose wrapped key has another last byte': (a) => session(a, flipKey(60)),
    'that has the wrapped key of another': (a, other) =>
      session(a, `wrapped_key = ${keyOf(other)}`),
    'whose credentials are changed': (a) => creds(a, flipped('40')),
    'whose credentials are cut': (a) => creds(a, 'value = substr(value, 1, 30)'),
    'whose credentials are empty': (a) => creds(a, `value = ''`),
    'that has the credentials of another': (a, other) =>
      creds(a, `value = ${sealedValueOf(other, 'creds')}`),
    'that has a session as its credentials': (a) =>
      creds(a, `value = ${sealedValueOf(a, 'session')}`),
  }

  test.each(Object.keys(broken))('%s', async (name) => {
    const [handle, other] = [await openNew(), await openNew()]
    const { account } = handle
    await handle.close()
    const restore = await change(account, broken[name](account, other.account))
    const before = await db.stored(account)
    for (let times = 0; times < 2; times++) {
      await expectUnreadable(store.useAuthState(account), 'open', account)
      await expectUnreadable(makeStore(db.url).useAuthState(account), 'open', account)
    }
    expect(await db.stored(account)).toBe(before)
    await restore()
    const { state } = await store.useAuthState(account)
    expect(state.creds.registrationId).toBe(handle.state.creds.registrationId)
    expect(await state.keys.get('session', ['a', 'b'])).toEqual(SESSIONS)
  })

  test('that is another one under its name', async () => {
    const [mine, other] = [await openNew(), await openNew()]
    await mine.close()
    await db.query(`DELETE FROM baileys_auth.session WHERE account_id = '${other.account}'`)
    await db.query(session(mine.account, `account_id = '${other.account}'`))
    const before = await db.stored(other.account)
    await expectUnreadable(makeStore(db.url).useAuthState(other.account), 'open', other.account)
    expect(await db.stored(other.account)).toBe(before)
  })

  test('and while somebody has it open, its owner goes on', async () => {
    const { account, state, saveCreds } = await openNew()
    const restore = await change(account, session(account, flipKey(30)))
    await expectUnreadable(
      makeStore(`${db.url}?application_name=other`).useAuthState(account),
      'open',
      account,
    )
    await state.keys.set({ session: { c: { n: 1 } } })
    await saveCreds()
    expect(await state.keys.get('session', ['c'])).toEqual({ c: { n: 1 } })
    await restore()
  })

  test('keeps no other account of the same moment from opening; a clear ends it', async () => {
    const [handle, other] = [await openNew(), await openNew()]
    await Promise.all([handle.close(), other.close()])
    await change(handle.account, session(handle.account, flipKey(30)))
    await Promise.all([
      expectUnreadable(store.useAuthState(handle.account), 'open', handle.account),
      store.useAuthState(other.account),
    ])
    await store.clear(handle.account)
    const { state } = await store.useAuthState(handle.account)
    expect(state.creds.noiseKey).not.toEqual(handle.state.creds.noiseKey)
  })
})
