'use strict'

/** Memory: of accounts that are open and do nothing, and of a cache that is too small for its accounts. */

const { OURS } = require('../../stores')
const { atMost, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { withField } = require('../field')
const { runInTurn } = require('../turns')
const { enterCrowd } = require('../writing')

const IDLE = { accounts: 10_000, rehearsed: 500 }
const WITH_GC = { execArgv: ['--expose-gc'] }

const CROWD = { accounts: 100, callers: 1, records: 100, step: true }
/** About a third of what the crowd's records take. */
const SMALL_CACHE = 2 * 1024 * 1024

async function runRound(contestant, seconds) {
  if (contestant.isCrowd) return contestant.call('watchCache', { seconds })
  await contestant.restart(WITH_GC)
  return contestant.call('measureIdle', IDLE)
}

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS])) {
      context.onRound(entry.label)
      const idle = await enter(Contestant.enter(entry, { label: '10,000 idle accounts' }))
      await idle.call('makeAccounts', { accounts: IDLE.accounts + IDLE.rehearsed })
      const options = { ...entry.options, cacheBytes: SMALL_CACHE }
      const small = { ...entry, name: 'ours small', options }
      const crowd = await enter(enterCrowd(small, CROWD, 'a cache of 2 MiB'))
      crowd.isCrowd = true
    }
    await runInTurn(field, (contestant) => runRound(contestant, context.seconds), context)
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['RSS bytes/account', 'rssBytes'],
  ['heap bytes/account', 'heapBytes'],
  ['most of the cache used', 'cachePart'],
  ['hits', 'hitPart'],
]

function bars(results) {
  return [
    atMost('RSS per account', median(find(results, 'ours'), 'rssBytes'), 4096, 'bytes'),
    atMost('cache', find(results, 'ours small')?.figures.cachePart.max, 1, 'of cacheBytes'),
  ]
}

module.exports = {
  title: 'memory of this package',
  run,
  columns: COLUMNS,
  bars,
}
