'use strict'

/** One set after another: latency, which is what Baileys waits for, and whether the size of an account matters. */

const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { atMost, find, median } = require('../bars')
const { withField } = require('../field')
const { Limit, sealedBytes } = require('../limit')
const { enterCrowd, runWriting } = require('../writing')

const SMALL = { accounts: 1, callers: 1, records: 1_000 }
/** As many records are written as in the small account, spread over all of them. */
const LARGE = { ...SMALL, records: 50_000, touched: SMALL.records }

const largeOf = (entry) => ({ ...entry, name: `${entry.name} large` })

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      await enter(enterCrowd(entry, SMALL))
    }
    for (const entry of context.chosen([OURS, CAREFUL])) {
      context.onRound(entry.label)
      await enter(enterCrowd(largeOf(entry), LARGE, `${entry.label}, 50,000 records`))
    }
    if (context.hasLimit) {
      const [ours] = field
      const { accounts: sessions, records } = SMALL
      const valueBytes = await sealedBytes(ours.db)
      await enter(Limit.enter({ mode: 'single', sessions, records, valueBytes }))
    }
    return runWriting(field, context)
  })

const COLUMNS = [
  ['p50 ms', 'p50Ms'],
  ['p99 ms', 'p99Ms'],
  ['main thread µs/set', 'mainUs'],
  ['process µs/set', 'processUs'],
]

function bars(results) {
  const p50 = (name) => median(find(results, name), 'p50Ms')
  const ours = p50('ours')
  return [
    atMost('p50', ours / p50('careful'), 0.75, 'of careful Node.js'),
    atMost('p50', ours / p50('limit'), 1.3, 'of the bare upsert'),
    atMost('p50 with 50,000 records', p50('ours large') / ours, 1.15, 'of that with 1,000'),
  ]
}

module.exports = {
  title: 'sets one after another: one account of 1,000 records',
  run,
  columns: COLUMNS,
  bars,
}
