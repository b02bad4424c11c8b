'use strict'

const { setImmediate: nextTurn } = require('node:timers/promises')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  addAccount,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  readStored,
} = require('../faults/stores')

// What is in memory and what is not; and that memory is never older than the database.

/** A text that only the statement that reads records has. */
const READ = 'WITH ORDINALITY'

let db, proxy

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

beforeEach(async () => {
  proxy = await makeProxy(db.url)
})

const make = (options) => makeStore(proxy.url(db.url), options)
const numbers = (count) => Array.from({ length: count }, (_, n) => String(n))
const numbered = (ids) => Object.fromEntries(ids.map((id) => [id, { n: Number(id) }]))

/** A new account that holds these sessions, opened anew by a store that does not know them. */
async function openWith(session, store = make()) {
  const account = await addAccount(db)
  const own = makeStore(db.url)
  await (await own.useAuthState(account)).state.keys.set({ session })
  await own.close()
  return { account, ...(await store.useAuthState(account)) }
}

const read = async ({ state }, ids) => state.keys.get('session', ids)

describe('reads', () => {
  test('ask the database once for a record, and once for a record that is not there', async () => {
    const store = make()
    const handle = await openWith({ a: { n: 1 } }, store)
    proxy.countRequests(READ)
    for (let round = 0; round < 3; round++) {
      expect(await read(handle, ['a', 'missing'])).toEqual({ a: { n: 1 }, missing: null })
    }
    expect(proxy.requests).toBe(1)
  })

  test('of known and unknown records together ask for the unknown ones only', async () => {
    const ids = numbers(200)
    const handle = await openWith(numbered(ids))
    const even = ids.filter((id) => id % 2 === 0)
    expect(await read(handle, even)).toEqual(numbered(even))
    const before = proxy.bytesToServer
    expect(await read(handle, [...ids, 'missing'])).toEqual({ ...numbered(ids), missing: null })
    const ofHalf = proxy.bytesToServer - before

    const other = await openWith(numbered(ids))
    const beforeAll = proxy.bytesToServer
    await read(other, ids)
    expect(ofHalf).toBeLessThan(0.7 * (proxy.bytesToServer - beforeAll))
  })

  test('of one moment, over many accounts, go together', async () => {
    const store = make()
    const handles = []
    for (const id of numbers(20)) handles.push(await openWith({ a: { id }, b: { id } }, store))
    proxy.countRequests(READ)
    const answers = await Promise.all(
      handles.flatMap((handle) => ['a', 'b', 'c'].map((id) => read(handle, [id]))),
    )
    const expected = numbers(20).flatMap((id) => [{ a: { id } }, { b: { id } }, { c: null }])
    expect(answers).toEqual(expected)
    expect(proxy.requests).toBeLessThanOrEqual(4)
  })

  test('that arrive while others are under way gather', async () => {
    const handle = await openWith(numbered(numbers(300)))
    proxy.countRequests(READ)
    proxy.pause()
    const answers = numbers(300).map((id) => read(handle, [id]))
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    proxy.resume()
    expect(await Promise.all(answers)).toEqual(numbers(300).map((id) => numbered([id])))
    expect(proxy.requests).toBeLessThanOrEqual(4)
  })

  test('of 4,500 ids are one request', async () => {
    const ids = numbers(4_500)
    const handle = await openWith(numbered(ids))
    proxy.countRequests(READ)
    expect(await read(handle, ids)).toEqual(numbered(ids))
    expect(proxy.requests).toBe(1)
  })
})

describe('a record that is read while it is written', () => {
  const writes = {
    'by another value': [({ keys }) => keys.set({ session: { a: { n: 2 } } }), { n: 2 }],
    'by a delete': [({ keys }) => keys.set({ session: { a: null } }), null],
    'by a delete of all keys': [({ keys }) => keys.clear(), null],
  }
  test.each(Object.keys(writes))('%s: the newer one stays in memory', async (name) => {
    const [write, expected] = writes[name]
    const handle = await openWith({ a: { n: 1 } })
    // The old value is read, and its answer comes after the write's.
    proxy.hold({ toServer: false })
    proxy.countRequests(READ)
    const reading = read(handle, ['a'])
    while (proxy.requests === 0) await new Promise(setImmediate)
    await write(handle.state)
    proxy.release()
    expect(await reading).toEqual({ a: { n: 1 } })
    expect(await read(handle, ['a'])).toEqual({ a: expected })
    expect((await readStored(db, handle.account)).keys['session-a'] ?? null).toEqual(expected)
  })

  test('and read again before it is committed is what was set', async () => {
    const handle = await openWith({ a: { n: 1 } })
    proxy.pause()
    const reading = read(handle, ['a'])
    const written = handle.state.keys.set({ session: { a: { n: 2 } } })
    const again = read(handle, ['a'])
    expect(await again).toEqual({ a: { n: 2 } })
    proxy.resume()
    await Promise.all([reading, written])
    expect(await read(handle, ['a'])).toEqual({ a: { n: 2 } })
  })
})

/** It is dropped on another thread, soon after. */
async function toHoldNothing(store) {
  while (store.stats().cache.bytes > 0) await nextTurn()
}

describe('the memory', () => {
  const large = (n) => Buffer.alloc(10_000, n)
  const ids = numbers(500)

  test('is bounded, and what does not fit is read from the database', async () => {
    const store = make({ cacheBytes: 1 << 20 })
    const account = await addAccount(db)
    const { state } = await store.useAuthState(account)
    for (const id of ids) {
      await state.keys.set({ 'sender-key': { [id]: large(id) } })
      expect(store.stats().cache.bytes).toBeLessThanOrEqual(1 << 20)
    }
    for (const id of ids) {
      expect((await state.keys.get('sender-key', [id]))[id]).toEqual(large(id))
      expect(store.stats().cache.bytes).toBeLessThanOrEqual(1 << 20)
    }
    const { cache } = store.stats()
    expect(cache).toMatchObject({ capacity: 1 << 20 })
    expect(cache.bytes).toBeGreaterThan(0.5 * (1 << 20))
    expect(cache.misses).toBeGreaterThan(300)
  })

  test('of no bytes holds nothing', async () => {
    const store = make({ cacheBytes: 0 })
    const handle = await openWith({ a: { n: 1 } }, store)
    await handle.state.keys.set({ session: { b: { n: 2 } } })
    for (let round = 0; round < 3; round++) {
      expect(await read(handle, ['a', 'b'])).toEqual({ a: { n: 1 }, b: { n: 2 } })
    }
    expect(store.stats().cache).toMatchObject({ bytes: 0, capacity: 0, hits: 0 })
  })

  test('keeps nothing of an account that was closed, cleared or lost', async () => {
    const store = make()
    const fill = async () => {
      const account = await addAccount(db)
      const handle = { account, ...(await store.useAuthState(account)) }
      await handle.state.keys.set({
        'sender-key': Object.fromEntries(ids.map((id) => [id, large(id)])),
      })
      expect(store.stats().cache.bytes).toBeGreaterThan(ids.length * 10_000)
      return handle
    }
    await (await fill()).close()
    await toHoldNothing(store)
    await store.clear((await fill()).account)
    await toHoldNothing(store)
    const lost = await fill()
    await makeStore(db.url).useAuthState(lost.account)
    await expectRefused(lost.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await toHoldNothing(store)
  })
})

describe('deleting all keys', () => {
  test('keeps the credentials, the sets that come after, and other accounts', async () => {
    const handle = await openWith(numbered(numbers(50)))
    const other = await openWith({ 1: { n: 1 } })
    handle.state.creds.platform = 'android'
    await handle.saveCreds()
    await read(handle, ['1', '2'])
    await Promise.all([
      handle.state.keys.set({ session: { 1: { n: 'before' } }, 'pre-key': { 1: { n: 'before' } } }),
      handle.state.keys.clear(),
      handle.state.keys.set({ session: { 2: { n: 'after' } } }),
    ])
    const expected = { creds: { platform: 'android' }, keys: { 'session-2': { n: 'after' } } }
    expect(await read(handle, ['1', '2', '3'])).toEqual({ 1: null, 2: { n: 'after' }, 3: null })
    expect(await handle.state.keys.get('pre-key', ['1'])).toEqual({ 1: null })
    const stored = await readStored(db, handle.account)
    expect(stored).toMatchObject(expected)
    expect(Object.keys(stored.keys)).toEqual(['session-2'])
    expect(await read(other, ['1'])).toEqual({ 1: { n: 1 } })
  })
})

test('an account that another process has taken over gives nothing any more that is not in memory', async () => {
  const handle = await openWith({ a: { n: 1 } })
  const other = startChild(require.resolve('../faults/store-process'), environment(db.url))
  try {
    await other.call('open', handle.account)
    await other.call('set', handle.account, { session: { a: { n: 2 } } })
    await expectRefused(read(handle, ['a']), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(read(handle, ['missing']), 'ERR_SESSION_SUPERSEDED')
    await other.call('clear', handle.account)
    await expectRefused(read(handle, ['a']), 'ERR_SESSION_CLEARED', 'ERR_SESSION_SUPERSEDED')
  } finally {
    await other.stop()
  }
})
