'use strict'

/** Accounts that are open and do nothing: what they take of the process' memory. */

const { setTimeout: delay } = require('node:timers/promises')
const { accountId } = require('../../records')
const { forEach } = require('./filling')

/** How many accounts are opened at once. */
const WIDTH = 64
/** Memory counts once it has not changed by more than a part in a hundred from one look to the next. */
const STEADY = 0.01
const LOOKS_MS = 200
const LOOKS_AT_MOST = 20

/** The process' memory in bytes when everything that can be freed is. Needs `--expose-gc`. */
async function settledMemory() {
  let last = Number.POSITIVE_INFINITY
  for (let look = 0; look < LOOKS_AT_MOST; look += 1) {
    globalThis.gc()
    await delay(LOOKS_MS)
    const { rss, heapUsed, external } = process.memoryUsage()
    if (Math.abs(last - rss) < STEADY * rss) return { rss, heap: heapUsed + external }
    last = rss
  }
  throw new Error('the memory of the process does not settle')
}

const numbered = (from, count) =>
  Array.from({ length: count }, (_, index) => accountId(from + index))

/**
 * Makes accounts, which stay in the database with nothing but their credentials. An identity takes Baileys some ms: here
 * all have the same.
 */
async function makeAccounts(createStore, options, { accounts }) {
  const baileys = await import('baileys')
  const creds = baileys.initAuthCreds()
  const store = createStore({ ...options, baileys: { ...baileys, initAuthCreds: () => creds } })
  await forEach(
    numbered(0, accounts),
    async (id) => {
      const { saveCreds, close } = await store.open(id)
      await saveCreds()
      await close()
    },
    WIDTH,
  )
  await store.close()
}

/**
 * Bytes that each of `accounts` open accounts takes. What the process takes without them is read after as many others as
 * `rehearsed` were opened and closed again: code is compiled then, connections are made, and buffers have their size.
 */
async function measureIdle(store, { accounts, rehearsed }) {
  await forEach(
    numbered(0, rehearsed),
    async (id) => {
      const { close } = await store.open(id)
      await close()
    },
    WIDTH,
  )
  const before = await settledMemory()
  const open = []
  await forEach(
    numbered(rehearsed, accounts),
    async (id) => {
      open.push(await store.open(id))
    },
    WIDTH,
  )
  const after = await settledMemory()
  return {
    rssBytes: (after.rss - before.rss) / open.length,
    heapBytes: (after.heap - before.heap) / open.length,
  }
}

/** Lets a crowd work and looks at the cache all the while; gives the most it held, as a part of what it may hold. */
async function watchCache(store, crowd, seconds) {
  let most = 0
  let isDone = false
  const watch = async () => {
    while (!isDone) {
      const { bytes, capacity } = store.stats().cache
      most = Math.max(most, bytes / capacity)
      await delay(1)
    }
  }
  const watching = watch()
  await crowd.drive(seconds)
  isDone = true
  await watching
  const { hits, misses } = store.stats().cache
  return { cachePart: most, hitPart: hits / (hits + misses) }
}

module.exports = { makeAccounts, measureIdle, watchCache }
