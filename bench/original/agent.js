'use strict'

/** The agent of a store's process in this suite: one account, written to by one or several callers. */

const { performance } = require('node:perf_hooks')
const { measureDelay, measureRate } = require('../measure')
const { createCaller } = require('./workloads')

function createAgent({ module }) {
  const { createStore } = require(module)
  let store
  let keys
  let callers

  /** Every caller writes, one set after another, until the time is up; tells how many sets were acknowledged. */
  async function drive(seconds) {
    const deadline = performance.now() + seconds * 1e3
    const counts = await Promise.all(
      callers.map(async (caller) => {
        let sets = 0
        do {
          await caller.write(keys.set)
          sets += 1
        } while (performance.now() < deadline)
        return sets
      }),
    )
    return counts.reduce((sum, sets) => sum + sets)
  }

  return {
    async open({ records, callers: count, accountId, ...options }) {
      store = await createStore(options)
      keys = (await store.open(accountId)).state.keys
      callers = Array.from({ length: count }, (_, index) =>
        createCaller(index, { records, callers: count }),
      )
    },

    warmUp: async ({ seconds }) => void (await drive(seconds)),

    async rate({ seconds }) {
      const commits = () => store.stats?.().commits
      const before = commits()
      const { count, perSecond, mainMs, processMs } = await measureRate(() => drive(seconds))
      return {
        setsPerSecond: perSecond,
        mainMsPerSet: mainMs,
        processMsPerSet: processMs,
        setsPerCommit: store.stats && count / (commits() - before),
      }
    },

    loopDelay: ({ seconds }) => measureDelay(() => drive(seconds)),

    /** Id and JSON text of every record that was written. */
    acknowledged: () => callers.flatMap((caller) => caller.acknowledged()),

    close: () => store.close(),
  }
}

module.exports = { createAgent }
