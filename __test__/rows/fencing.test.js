'use strict'

const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const {
  addAccount,
  carryOut,
  expectRefused,
  idle,
  makeProxy,
  makeStore,
  readStored,
} = require('../faults/stores')

// A statement that the store has given up, and that the server carries out later all the same, after newer ones. The
// connection that it is on is held up on its way, and the store's next try goes by another one.

let db, proxy, store

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

beforeEach(async () => {
  proxy = await makeProxy(db.url)
  // An attempt may take a second, all of them a minute.
  store = makeStore(`${proxy.url(db.url)}?socket_timeout=1`, { writeTimeoutMs: 60_000 })
})

async function openNew() {
  const account = await addAccount(db)
  return { account, ...(await store.useAuthState(account)) }
}

const peer = (n) => ({ session: { peer: n === null ? null : { n } } })
const read = async ({ state }) => (await state.keys.get('session', ['peer'])).peer?.n ?? null
const stored = async ({ account }) =>
  (await readStored(db, account)).keys['session-peer']?.n ?? null

/** Has `write` given up and done again by another connection. */
async function writeTwice(write) {
  proxy.hold()
  await write()
  expect(store.stats().retries).toBeGreaterThan(0)
}

test.each([
  ['a set', () => peer(1), 1],
  ['a delete', () => peer(null), null],
])('%s that comes late does not undo a newer set', async (_, data, n) => {
  const handle = await openNew()
  await handle.state.keys.set(peer(0))
  await writeTwice(() => handle.state.keys.set(data()))
  expect(await stored(handle)).toBe(n)
  await handle.state.keys.set(peer(2))
  await carryOut(db, proxy)
  expect([await read(handle), await stored(handle)]).toEqual([2, 2])
  await handle.state.keys.set(peer(3))
  expect([await read(handle), await stored(handle)]).toEqual([3, 3])
})

test('a set that comes late does not bring back what was deleted', async () => {
  const handle = await openNew()
  await writeTwice(() => handle.state.keys.set(peer(1)))
  await handle.state.keys.set(peer(null))
  await carryOut(db, proxy)
  expect([await read(handle), await stored(handle)]).toEqual([null, null])
})

test('a clear of the keys that comes late deletes no newer ones', async () => {
  const handle = await openNew()
  await handle.state.keys.set(peer(1))
  await writeTwice(() => handle.state.keys.clear())
  await handle.state.keys.set(peer(2))
  await carryOut(db, proxy)
  expect([await read(handle), await stored(handle)]).toEqual([2, 2])
})

test('credentials that come late do not replace newer ones', async () => {
  const { account, state, saveCreds } = await openNew()
  const save = (n) => {
    state.creds.accountSyncCounter = n
    return saveCreds()
  }
  await save(0)
  await writeTwice(() => save(1))
  await save(2)
  await carryOut(db, proxy)
  expect((await readStored(db, account)).creds.accountSyncCounter).toBe(2)
})

test('a batch of several accounts that comes late undoes none of them', async () => {
  const handles = await Promise.all([1, 2, 3, 4, 5].map(openNew))
  const setAll = (n) => Promise.all(handles.map(({ state }) => state.keys.set(peer(n))))
  await setAll(0)
  await writeTwice(() => setAll(1))
  await setAll(2)
  await carryOut(db, proxy)
  for (const handle of handles) expect([await read(handle), await stored(handle)]).toEqual([2, 2])
})

test('a set that was given up for good does not undo a newer one, of the same opener or the next', async () => {
  const hasty = makeStore(proxy.url(db.url), { writeTimeoutMs: 500 })
  const account = await addAccount(db)
  const handle = { account, ...(await hasty.useAuthState(account)) }
  await handle.state.keys.set(peer(0))
  proxy.hold()
  proxy.pause()
  await expectRefused(handle.state.keys.set(peer(1)), 'ERR_DB_TIMEOUT', 'ERR_DB_UNAVAILABLE')
  proxy.resume()
  await handle.state.keys.set(peer(2))
  await carryOut(db, proxy)
  expect([await read(handle), await stored(handle)]).toEqual([2, 2])

  proxy.hold()
  proxy.pause()
  await expectRefused(handle.state.keys.set(peer(3)), 'ERR_DB_TIMEOUT', 'ERR_DB_UNAVAILABLE')
  proxy.resume()
  const newer = { account, ...(await makeStore(db.url).useAuthState(account)) }
  await newer.state.keys.set(peer(4))
  await carryOut(db, proxy)
  expect([await read(newer), await stored(newer)]).toEqual([4, 4])
  await expectRefused(handle.state.keys.set(peer(5)), 'ERR_SESSION_SUPERSEDED')
})

test('an open that comes late, after the one that was done again, takes nothing from its handle', async () => {
  const { account, state, close } = await openNew()
  await state.keys.set(peer(1))
  await close()
  let handle
  await writeTwice(async () => {
    handle = { account, ...(await store.useAuthState(account)) }
  })
  await handle.state.keys.set(peer(2))
  await carryOut(db, proxy)
  await handle.state.keys.set(peer(3))
  await handle.saveCreds()
  expect([await read(handle), await stored(handle)]).toEqual([3, 3])
})

test('a set that waits on the server for a lock, and is given up, is in order before the next one', async () => {
  const handle = await openNew()
  await handle.state.keys.set(peer(0))
  // The first insert from here on waits for a lock while it holds its session's row.
  await db.query(`
    CREATE SEQUENCE inserts;
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('inserts') = 1 THEN PERFORM pg_advisory_xact_lock(7); END IF;
        RETURN NEW;
      END $$;
    CREATE TRIGGER waiting BEFORE INSERT ON baileys_auth.record
      FOR EACH ROW EXECUTE FUNCTION wait()`)
  const blocker = new Client({ connectionString: db.serverUrl })
  await blocker.connect()
  try {
    await blocker.query('SELECT pg_advisory_lock(7)')
    const first = handle.state.keys.set(peer(1))
    while (store.stats().retries === 0) await new Promise(setImmediate)
    const second = handle.state.keys.set(peer(2))
    await blocker.query('SELECT pg_advisory_unlock(7)')
    await Promise.all([first, second])
    await idle(db)
    expect([await read(handle), await stored(handle)]).toEqual([2, 2])
  } finally {
    await blocker.end()
    await db.query('DROP FUNCTION wait CASCADE')
  }
})
