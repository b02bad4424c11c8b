'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const {
  addAccount,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
} = require('../faults/stores')

// The figures of `stats()` add up to what was done.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, store

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(() => {
    store = makeStore(db.url, { baileys: quickBaileys })
  })

  const record = (n) => ({ session: { [`peer-${n}`]: { n } } })

  test('before anything is done every histogram is empty, and has its buckets in order', () => {
    const { histograms, sets, refusedSets } = store.stats()
    expect({ sets, refusedSets }).toEqual({ sets: 0, refusedSets: 0 })
    for (const { buckets, sum, count } of Object.values(histograms)) {
      expect({ sum, count }).toEqual({ sum: 0, count: 0 })
      const bounds = buckets.map(({ le }) => le)
      expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
      expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY)
    }
  })

  test('opens, writes, commits and what they carry', async () => {
    const handles = []
    for (let at = 0; at < 3; at++) handles.push(await store.useAuthState(await addAccount(db)))
    for (const { state, saveCreds } of handles) {
      await saveCreds()
      // Together they are one commit of their account at most, with all three records.
      await Promise.all([1, 2, 3].map((n) => state.keys.set(record(n))))
      await state.keys.set({ session: { 'peer-1': null, 'peer-4': { n: 4 } } })
    }
    const { histograms, sets, refusedSets, commits, committedRecords } = store.stats()
    expect({ sets, refusedSets }).toEqual({ sets: 15, refusedSets: 0 })
    expect(committedRecords).toBe(3 * (1 + 3 + 2))
    expect(histograms.openSeconds.count).toBe(3)
    expect(histograms.setSeconds.count).toBe(sets)
    expect(histograms.batchSessions.sum).toBe(commits)
    expect(histograms.batchRecords.sum).toBe(committedRecords)
    expect(histograms.batchRecords.count).toBe(histograms.batchSessions.count)
    expect(histograms.commitSeconds.count).toBe(histograms.batchSessions.count)
    // Every commit is a statement at least, and every statement needs a connection.
    expect(histograms.roundTripSeconds.count).toBeGreaterThanOrEqual(
      histograms.commitSeconds.count + histograms.openSeconds.count,
    )
    expect(histograms.connectionWaitSeconds.count).toBeGreaterThan(0)
    for (const { buckets, sum, count } of Object.values(histograms)) {
      const counts = buckets.map((bucket) => bucket.count)
      expect(counts).toEqual([...counts].sort((a, b) => a - b))
      expect(counts.at(-1)).toBe(count)
      expect(sum).toBeGreaterThan(0)
    }
    // A write is not answered before the statement that carries it.
    expect(histograms.setSeconds.sum).toBeGreaterThan(0)
    expect(histograms.commitSeconds.sum).toBeLessThanOrEqual(histograms.setSeconds.sum)
  })

  test('accounts that write at the same time share commits, in rows', async () => {
    const accounts = await Promise.all(Array.from({ length: 20 }, () => addAccount(db)))
    const handles = await Promise.all(accounts.map((each) => store.useAuthState(each)))
    await Promise.all(handles.map(({ state }) => state.keys.set(record(1))))
    const { commits, histograms } = store.stats()
    const { batchSessions, batchRecords } = histograms
    expect({ commits, sum: batchSessions.sum, records: batchRecords.sum }).toEqual({
      commits: 20,
      sum: 20,
      records: 20,
    })
    if (layout === 'column') expect(batchSessions.count).toBe(20)
    else expect(batchSessions.count).toBeLessThan(20)
  })

  test('a write that is refused is counted, whether or not it was accepted before', async () => {
    const account = await addAccount(db)
    const { state } = await store.useAuthState(account)
    await makeStore((await makeProxy(db.url)).url(db.url), { baileys: quickBaileys }).useAuthState(
      account,
    )
    // The first one finds out; then the session has ended.
    await expectRefused(state.keys.set(record(1)), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(state.keys.set(record(2)), 'ERR_SESSION_SUPERSEDED')
    const { histograms, sets, refusedSets, commits, failedCommits } = store.stats()
    expect({ sets, refusedSets, commits, failedCommits }).toEqual({
      sets: 2,
      refusedSets: 2,
      commits: 0,
      failedCommits: 1,
    })
    expect(histograms.setSeconds.count).toBe(1)
    expect(histograms.commitSeconds.count).toBe(1)
    expect(histograms.batchSessions.count).toBe(0)
  })

  test('a write that waits for a silent server is as long in its histogram', async () => {
    const proxy = await makeProxy(db.url)
    const slow = makeStore(proxy.url(db.url), { baileys: quickBaileys, writeTimeoutMs: 400 })
    const { state } = await slow.useAuthState(await addAccount(db))
    proxy.pause()
    await expectRefused(state.keys.set(record(1)), 'ERR_DB_TIMEOUT', 'ERR_DB_UNAVAILABLE')
    proxy.cut()
    proxy.resume()
    const { setSeconds } = slow.stats().histograms
    expect(setSeconds.sum).toBeGreaterThanOrEqual(0.4)
    expect(setSeconds.buckets.find(({ le }) => le === 0.25).count).toBe(0)
  })
})
