'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { addAccount, makeProxy, makeStore, quickBaileys } = require('./stores')

// No call waits longer than it may, however many others wait with it for a database that is silent.

const ACCOUNTS = 24
const WRITE_TIMEOUT_MS = 2_000
/** What a busy machine may add. It is less than the time itself: nobody waits for two. */
const LIMIT_MS = 1.8 * WRITE_TIMEOUT_MS
/** Where it has much to seal; one after another, the last call would wait for 12 times the time and more. */
const LIMIT_OF_MANY_MS = 3 * WRITE_TIMEOUT_MS

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, proxy, store, handles

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    proxy = await makeProxy(db.url)
    store = makeStore(proxy.url(db.url), {
      writeTimeoutMs: WRITE_TIMEOUT_MS,
      pool: { size: 2, connectTimeoutMs: 500 },
      cacheBytes: 0,
      baileys: quickBaileys,
    })
    const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, () => addAccount(db)))
    handles = await Promise.all(accounts.map((account) => store.useAuthState(account)))
  })

  /** Runs a call; gives how long it took until it was refused for the database's silence. */
  async function refusedAfter(call) {
    const from = performance.now()
    const code = await call().then(
      () => 'none',
      (error) => error.code,
    )
    expect(['ERR_DB_TIMEOUT', 'ERR_DB_UNAVAILABLE']).toContain(code)
    return performance.now() - from
  }

  test.each([
    ['small sets', 10],
    ['large sets', 400_000],
  ])('%s of many accounts over few connections are each refused in time', async (_, length) => {
    const data = { session: { peer: { value: 'x'.repeat(length) } } }
    proxy.pause()
    const calls = handles.map(async ({ state }) => [
      await refusedAfter(() => state.keys.set(data)),
      await refusedAfter(() => state.keys.set(data)),
    ])
    const times = (await Promise.all(calls)).flat()
    proxy.cut()
    expect(Math.max(...times)).toBeLessThan(LIMIT_OF_MANY_MS)
    expect(store.stats()).toMatchObject({ pendingRecords: 0 })

    proxy.resume()
    for (const { state } of handles) await state.keys.set(data)
  })

  test('a set that waits behind another one of its account is given up with the time of its own call', async () => {
    const [{ state }] = handles
    proxy.pause()
    const first = refusedAfter(() => state.keys.set({ session: { peer: { n: 1 } } }))
    while (store.stats().pendingRecords > 0) await new Promise(setImmediate)
    const second = refusedAfter(() => state.keys.set({ session: { peer: { n: 2 } } }))
    const times = await Promise.all([first, second])
    proxy.cut()
    expect(Math.max(...times)).toBeLessThan(LIMIT_MS)
  })

  if (layout === 'rows') {
    test('reads that come one after another are each refused in time', async () => {
      proxy.pause()
      const times = []
      for (const { state } of handles) {
        times.push(refusedAfter(() => state.keys.get('session', ['peer'])))
        // So that they do not share one query.
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      expect(Math.max(...(await Promise.all(times)))).toBeLessThan(LIMIT_MS)
      proxy.cut()
    })
  }
})
