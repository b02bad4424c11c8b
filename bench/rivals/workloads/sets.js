'use strict'

/** Durable sets of many accounts at once: what a backend full of accounts asks of its database. */

const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { atLeast, atMost, bestRival, find, median } = require('../bars')
const { withField } = require('../field')
const { Limit, sealedBytes } = require('../limit')
const { enterCrowd, runWriting } = require('../writing')

const SHAPE = { accounts: 100, callers: 10, records: 100 }

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      await enter(enterCrowd(entry, SHAPE))
    }
    if (context.hasLimit) {
      const [ours] = field
      const { accounts: sessions, records } = SHAPE
      const valueBytes = await sealedBytes(ours.db)
      await enter(Limit.enter({ mode: 'batches', sessions, records, valueBytes }))
    }
    return runWriting(field, context)
  })

const COLUMNS = [
  ['sets/s', 'perSecond'],
  ['main thread µs/set', 'mainUs'],
  ['process µs/set', 'processUs'],
  ['p50 ms', 'p50Ms'],
  ['p99 ms', 'p99Ms'],
  ['loop delay p99 ms', 'delayP99Ms'],
]

function bars(results) {
  const ours = find(results, 'ours')
  const rate = median(ours, 'perSecond')
  const rival = bestRival(results, 'perSecond')
  return [
    atLeast('sets/s', rate / median(find(results, 'careful'), 'perSecond'), 6, 'x careful Node.js'),
    atLeast('sets/s', rate / median(rival, 'perSecond'), 4, `x ${rival?.label}`),
    atLeast('sets/s', rate / median(find(results, 'limit'), 'perSecond'), 0.5, 'of the limit'),
    atMost('main thread per set', median(ours, 'mainUs'), 20, 'µs'),
    atMost('loop delay p99', median(ours, 'delayP99Ms'), 5, 'ms'),
  ]
}

module.exports = {
  title: `durable sets: ${SHAPE.accounts} accounts of ${SHAPE.records} records, ${SHAPE.callers} in flight each`,
  run,
  columns: COLUMNS,
  bars,
}
