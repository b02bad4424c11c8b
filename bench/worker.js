'use strict'

/**
 * The process of one store: opens it, drives it and measures itself. Started by contender.js with the store's module as
 * its argument; takes `{ method, args }` messages one at a time and answers each with `{ result }` or `{ error }`.
 */

const { performance } = require('node:perf_hooks')
const { setTimeout: delay } = require('node:timers/promises')
const { measureDelay, measureRate } = require('./measure')
const { createCaller } = require('./workloads')

const { open } = require(process.argv[2])

let store
let callers

/** Every caller writes, one set after another, until the time is up; tells how many sets were acknowledged. */
async function drive(seconds) {
  const deadline = performance.now() + seconds * 1e3
  const counts = await Promise.all(
    callers.map(async (caller) => {
      let sets = 0
      do {
        await caller.write(store.set)
        sets += 1
      } while (performance.now() < deadline)
      return sets
    }),
  )
  return counts.reduce((sum, sets) => sum + sets)
}

const methods = {
  /** The event loop's delay while this process has nothing to do. */
  idle: ({ seconds }) => measureDelay(() => delay(seconds * 1e3)),

  async open({ records, callers: count, ...options }) {
    store = await open(options)
    callers = Array.from({ length: count }, (_, index) =>
      createCaller(index, { records, callers: count }),
    )
  },

  warmUp: async ({ seconds }) => void (await drive(seconds)),

  async rate({ seconds }) {
    const commitsBefore = store.commits?.()
    const rate = await measureRate(() => drive(seconds))
    const setsPerCommit = store.commits && rate.sets / (store.commits() - commitsBefore)
    return { ...rate, setsPerCommit }
  },

  loopDelay: ({ seconds }) => measureDelay(() => drive(seconds)),

  /** Id and JSON text of every record that was written. */
  acknowledged: () => callers.flatMap((caller) => caller.acknowledged()),

  close: () => store.close(),
}

process.on('message', async ({ method, args }) => {
  try {
    process.send({ result: await methods[method](args) })
  } catch (error) {
    process.send({ error: error.stack })
  }
})

// The parent is gone, or done with us.
process.on('disconnect', () => process.exit())
