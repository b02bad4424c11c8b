'use strict'

const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { sqlOf } = require('../faults/layouts')
const {
  addAccount,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
  readStored,
} = require('../faults/stores')

// Accounts share commits, but no trouble: neither a refusal, nor a lock, nor very much to write.

let db, store

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
  await db.query(`
    CREATE SEQUENCE statements;
    CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM nextval('statements'); RETURN NULL; END $$;
    CREATE TRIGGER counting AFTER ${sqlOf.rows.set}
      FOR EACH STATEMENT EXECUTE FUNCTION count_statement();
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'P0042'; END $$;
    CREATE TRIGGER refusing BEFORE INSERT ON baileys_auth.record
      FOR EACH ROW WHEN (NEW.kind = 'refused') EXECUTE FUNCTION refuse()`)
})

afterAll(() => db.drop())

beforeEach(() => {
  store = makeStore(db.url, { baileys: quickBaileys })
})

async function openMany(count, by = store) {
  const accounts = []
  for (let n = 0; n < count; n++) accounts.push(await addAccount(db))
  return Promise.all(
    accounts.map(async (account) => ({ account, ...(await by.useAuthState(account)) })),
  )
}

const peer = (n) => ({ session: { peer: { n } } })
const stored = async ({ account }) => (await readStored(db, account)).keys['session-peer']?.n

async function statementsDuring(work) {
  const count = async () => {
    const { rows } = await db.query('SELECT last_value::int AS n, is_called FROM statements')
    return rows[0].is_called ? rows[0].n : 0
  }
  const before = await count()
  await work()
  return (await count()) - before
}

test('what many accounts write at one moment shares a commit or two', async () => {
  const handles = await openMany(50)
  const count = await statementsDuring(() =>
    Promise.all(handles.flatMap(({ state, saveCreds }) => [state.keys.set(peer(1)), saveCreds()])),
  )
  // The first of them may leave before the others are there.
  expect(count).toBeLessThanOrEqual(2)
  for (const handle of handles.slice(0, 5)) expect(await stored(handle)).toBe(1)
})

test('what many accounts write while a commit is under way is the next one', async () => {
  const proxy = await makeProxy(db.url)
  const slow = makeStore(proxy.url(db.url), { baileys: quickBaileys, pool: { size: 1 } })
  const [first, ...rest] = await openMany(50, slow)
  const count = await statementsDuring(async () => {
    proxy.pause()
    const writes = [first.state.keys.set(peer(1))]
    while (slow.stats().pendingRecords > 0) await new Promise(setImmediate)
    for (const { state } of rest) writes.push(state.keys.set(peer(1)))
    proxy.resume()
    await Promise.all(writes)
  })
  expect(count).toBe(2)
})

describe('of a batch', () => {
  test('only the account fails whose record PostgreSQL refuses', async () => {
    const [bad, ...good] = await openMany(20)
    const refused = bad.state.keys.set({ ...peer(1), refused: { 1: { n: 1 } } })
    await Promise.all(good.map(({ state }) => state.keys.set(peer(1))))
    const error = await expectRefused(refused, 'ERR_DB_QUERY')
    expect(error).toMatchObject({ sqlState: 'P0042', operation: 'set', accountId: bad.account })
    expect(await stored(bad)).toBeUndefined()
    for (const handle of good) expect(await stored(handle)).toBe(1)
    expect(await bad.state.keys.get('session', ['peer'])).toEqual({ peer: null })
    await bad.state.keys.set(peer(2))
    expect(store.stats().failedCommits).toBe(1)
  })

  test('only the account is refused that was opened elsewhere, and the one that was cleared', async () => {
    const [lost, cleared, ...good] = await openMany(20)
    await makeStore(`${db.url}?application_name=other`).useAuthState(lost.account)
    await db.query(sqlOf.rows.remove(cleared.account))
    const refused = [
      expectRefused(lost.state.keys.set(peer(1)), 'ERR_SESSION_SUPERSEDED'),
      expectRefused(cleared.state.keys.set(peer(1)), 'ERR_SESSION_CLEARED'),
    ]
    await Promise.all([...refused, ...good.map(({ state }) => state.keys.set(peer(1)))])
    for (const handle of good) expect(await stored(handle)).toBe(1)
    expect(await stored(lost)).toBeUndefined()
    expect(await db.stored(cleared.account)).toBeNull()
  })

  test('only the account waits whose row somebody holds', async () => {
    const [held, ...others] = await openMany(20)
    const blocker = new Client({ connectionString: db.url })
    await blocker.connect()
    try {
      await blocker.query(`BEGIN; ${sqlOf.rows.lock(held.account)}`)
      let written = false
      const waiting = held.state.keys.set(peer(1)).then(() => {
        written = true
      })
      await Promise.all(others.map(({ state }) => state.keys.set(peer(1))))
      for (let n = 2; n < 12; n++)
        await Promise.all(others.map(({ state }) => state.keys.set(peer(n))))
      expect(written).toBe(false)
      await blocker.query('COMMIT')
      await waiting
      expect(await stored(held)).toBe(1)
    } finally {
      await blocker.end()
    }
  })
})

test('a set of 20,000 records is all or nothing, and does not hold up the sets of others', async () => {
  const [large, ...others] = await openMany(6)
  const ids = Array.from({ length: 20_000 }, (_, n) => `${100_000_000 + n}`)
  const mappings = Object.fromEntries(ids.map((id) => [id, `${id}0`]))
  const late = large.state.keys.set({ 'lid-mapping': mappings, refused: { 1: 'x' } })
  await expectRefused(late, 'ERR_DB_QUERY')
  expect(await readStored(db, large.account)).toMatchObject({ keys: {} })

  let finished = false
  const writing = large.state.keys.set({ 'lid-mapping': mappings }).then(() => {
    finished = true
  })
  const acknowledged = others.map(() => 0)
  await Promise.all(
    others.map(async ({ state }, at) => {
      while (!finished) {
        await state.keys.set(peer(acknowledged[at] + 1))
        acknowledged[at]++
      }
    }),
  )
  await writing
  for (const [at, handle] of others.entries()) {
    // One would be acknowledged with it, one after it.
    expect(acknowledged[at]).toBeGreaterThan(3)
    expect(await stored(handle)).toBe(acknowledged[at])
  }
  const reader = await makeStore(db.url, { cacheBytes: 0 }).useAuthState(large.account)
  expect(await reader.state.keys.get('lid-mapping', ids)).toEqual(mappings)
}, 120_000)

test('many large sets at once, with small ones between them, are all written, in order', async () => {
  const handles = await openMany(8)
  const bulk = (n) => Object.fromEntries(Array.from({ length: 812 }, (_, id) => [id, { n, id }]))
  await Promise.all(
    handles.map(async ({ state }) => {
      for (let n = 1; n <= 3; n++) {
        const writes = [state.keys.set({ 'pre-key': bulk(n) }), state.keys.set(peer(n))]
        await Promise.all(writes)
      }
    }),
  )
  for (const handle of handles) {
    expect(await stored(handle)).toBe(3)
    const answer = await handle.state.keys.get('pre-key', Object.keys(bulk(3)))
    expect(answer).toEqual(bulk(3))
  }
})

test('opens and writes of the same accounts, over each other in every order, come to no deadlock', async () => {
  const handles = await openMany(30)
  const other = makeStore(`${db.url}?application_name=other`, { baileys: quickBaileys })
  const accounts = handles.map(({ account }) => account)
  for (let round = 0; round < 5; round++) {
    const writes = handles.map(({ state }) => state.keys.set(peer(round)))
    const opens = accounts.toReversed().map((account) => other.useAuthState(account))
    for (const { reason } of await Promise.allSettled(writes)) {
      expect([undefined, 'ERR_SESSION_SUPERSEDED']).toContain(reason?.code)
    }
    await Promise.all(opens)
    const again = await Promise.all(accounts.map((account) => store.useAuthState(account)))
    for (const [at, handle] of again.entries()) Object.assign(handles[at], handle)
  }
  // Whoever loses in a deadlock tries again.
  expect([store.stats().retries, other.stats().retries]).toEqual([0, 0])
})
