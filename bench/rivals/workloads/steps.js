'use strict'

/** Messages: a record is read, used and written again. */

const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { atLeast, atMost, bestRival, find, median } = require('../bars')
const { withField } = require('../field')
const { enterCrowd, runWriting } = require('../writing')

const SHAPE = { accounts: 50, callers: 1, records: 100, step: true }

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      await enter(enterCrowd(entry, SHAPE))
    }
    return runWriting(field, context)
  })

const COLUMNS = [
  ['steps/s', 'perSecond'],
  ['main thread µs/step', 'mainUs'],
  ['process µs/step', 'processUs'],
  ['p50 ms', 'p50Ms'],
  ['p99 ms', 'p99Ms'],
  ['loop delay p99 ms', 'delayP99Ms'],
]

function bars(results) {
  const ours = find(results, 'ours')
  const rate = median(ours, 'perSecond')
  const rival = bestRival(results, 'perSecond')
  return [
    atLeast(
      'steps/s',
      rate / median(find(results, 'careful'), 'perSecond'),
      8,
      'x careful Node.js',
    ),
    atLeast('steps/s', rate / median(rival, 'perSecond'), 5, `x ${rival?.label}`),
    atMost('loop delay p99', median(ours, 'delayP99Ms'), 5, 'ms'),
  ]
}

module.exports = {
  title: `message steps (get, then set of the record): ${SHAPE.accounts} accounts of ${SHAPE.records} records at once`,
  run,
  columns: COLUMNS,
  bars,
}
