'use strict'

const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  SECRET,
  addAccount,
  environment,
  expectRefused,
  makeStore,
  quickBaileys,
} = require('../faults/stores')

// Which secret opens a session, and what becomes of it when the secret changes.

const OTHER = 'another-secret-of-good-length'
const THIRD = 'a-third-secret-of-good-length'

let db, account

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

beforeEach(async () => {
  account = await addAccount(db)
})

const make = (secret, previousSecrets) =>
  makeStore(db.url, { baileys: quickBaileys, secret, previousSecrets })

/** Opens the account, and writes to it for the `n`th time. */
async function write(store, n) {
  const handle = await store.useAuthState(account)
  handle.state.creds.accountSyncCounter = n
  await Promise.all([handle.saveCreds(), handle.state.keys.set({ session: { [n]: { n } } })])
  return handle
}

async function expectWritten({ state }, ...numbers) {
  expect(state.creds.accountSyncCounter).toBe(numbers.at(-1))
  const written = Object.fromEntries(numbers.map((n) => [n, { n }]))
  expect(await state.keys.get('session', numbers.map(String))).toEqual(written)
}

async function session() {
  const { rows } = await db.query(
    `SELECT session_id, epoch::int, opener, wrapped_key, key_id FROM baileys_auth.session
     WHERE account_id = $1`,
    [account],
  )
  return rows[0]
}

async function records() {
  const { rows } = await db.query(
    `SELECT record.* FROM baileys_auth.record JOIN baileys_auth.session USING (session_id)
     WHERE account_id = $1 ORDER BY record_hash`,
    [account],
  )
  return rows
}

describe('a secret that is another', () => {
  test('is told at the open, which changes nothing; the owner goes on writing', async () => {
    const owner = await write(make(SECRET), 1)
    const before = await db.stored(account)
    const wrong = make(OTHER)
    for (let times = 0; times < 3; times++) {
      const error = await expectRefused(wrong.useAuthState(account), 'ERR_WRONG_SECRET')
      expect(error).toMatchObject({ operation: 'open', accountId: account })
      expect(error.message).not.toContain(OTHER)
    }
    expect(await db.stored(account)).toBe(before)
    await owner.state.keys.set({ session: { 2: { n: 2 } } })
    await owner.saveCreds()
    expect(await owner.state.keys.get('session', ['1', '2'])).toEqual({ 1: { n: 1 }, 2: { n: 2 } })
  })

  test('in another process takes nothing from the owner either', async () => {
    const owner = await write(make(SECRET), 1)
    const env = { ...environment(db.url), WHATSAPP_SESSION_SECRET: OTHER }
    const child = startChild(require.resolve('../faults/store-process'), env)
    try {
      const before = await db.stored(account)
      await expect(child.call('open', account)).rejects.toMatchObject({ code: 'ERR_WRONG_SECRET' })
      expect(await db.stored(account)).toBe(before)
      await owner.state.keys.set({ session: { 2: { n: 2 } } })
    } finally {
      await child.stop()
    }
  })

  test('keeps no other account of the same moment from opening', async () => {
    await write(make(SECRET), 1)
    const wrong = make(OTHER)
    const others = Array.from({ length: 10 }, (_, n) => `${account}-${n}`)
    const [refused] = await Promise.all([
      expectRefused(wrong.useAuthState(account), 'ERR_WRONG_SECRET'),
      ...others.map((other) => wrong.useAuthState(other)),
    ])
    expect(refused.accountId).toBe(account)
  })

  test('of each account its own, in one database', async () => {
    const mine = await write(make(SECRET), 1)
    const theirs = await make(OTHER).useAuthState(`${account}-theirs`)
    await theirs.state.keys.set({ session: { 1: { n: 'theirs' } } })
    await expectWritten(mine, 1)
    expect(await theirs.state.keys.get('session', ['1'])).toEqual({ 1: { n: 'theirs' } })
  })

  test('a clear needs none', async () => {
    await write(make(SECRET), 1)
    const other = make(OTHER)
    await other.clear(account)
    expect(await db.stored(account)).toBeNull()
    await write(other, 1)
  })
})

describe('an earlier secret', () => {
  test('opens the session and wraps its key anew; not one record is written', async () => {
    await write(make(SECRET), 1)
    const [before, sealed] = [await session(), await records()]
    const handle = await make(OTHER, [SECRET]).useAuthState(account)
    await expectWritten(handle, 1)
    const after = await session()
    expect(after.session_id).toBe(before.session_id)
    expect(after.epoch).toBe(before.epoch + 1)
    expect(after.wrapped_key).not.toEqual(before.wrapped_key)
    expect(after.key_id).not.toEqual(before.key_id)
    expect(await records()).toEqual(sealed)
  })

  test('is not needed any more after that, and opens nothing by itself', async () => {
    await write(make(SECRET), 1)
    const older = await make(SECRET).useAuthState(account)
    await write(make(OTHER, [SECRET]), 2)
    await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(make(SECRET).useAuthState(account), 'ERR_WRONG_SECRET')
    await expectWritten(await make(OTHER).useAuthState(account), 1, 2)
  })

  test('may be any of several, and the session goes back and forth', async () => {
    const secrets = [SECRET, OTHER, THIRD]
    for (let n = 1; n <= 6; n++) {
      const current = secrets[n % 3]
      const handle = await write(
        make(
          current,
          secrets.filter((secret) => secret !== current),
        ),
        n,
      )
      await expectWritten(handle, ...Array.from({ length: n }, (_, at) => at + 1))
    }
  })

  test('two stores at once, one with the change and one without: the session stays readable', async () => {
    for (let round = 1; round <= 10; round++) {
      account = `${account}-${round}`
      await write(make(SECRET), 1)
      const [changed, unchanged] = [make(OTHER, [SECRET]), make(SECRET)]
      const outcomes = await Promise.allSettled([
        changed.useAuthState(account),
        unchanged.useAuthState(account),
      ])
      expect(outcomes[0].status).toBe('fulfilled')
      expect([undefined, 'ERR_WRONG_SECRET']).toContain(outcomes[1].reason?.code)
      await expectWritten(await make(OTHER, [SECRET]).useAuthState(account), 1)
    }
  })
})

test('a key that was wrapped is different each time, and for each account', async () => {
  const wrapped = new Set()
  for (let n = 0; n < 10; n++) {
    account = `${account}-${n}`
    await write(make(SECRET), 1)
    wrapped.add((await session()).wrapped_key.toString('hex'))
    await make(OTHER, [SECRET]).useAuthState(account)
    wrapped.add((await session()).wrapped_key.toString('hex'))
  }
  expect(wrapped.size).toBe(20)
})
