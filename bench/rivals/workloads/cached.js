'use strict'

/** Gets of what was read before: the most frequent call, and the one that should cost nothing. */

const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { accountId } = require('../../records')
const { atLeast, atMost, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { withField } = require('../field')
const { runInTurn } = require('../turns')

const SHAPE = { records: 1_000, preKeys: 812 }

async function runRound(contestant, seconds) {
  const session = await contestant.call('read', { type: 'session', seconds })
  const pair = await contestant.call('read', { type: 'pre-key', seconds })
  return {
    sessionUs: 1e6 / session.perSecond,
    sessionMainUs: session.mainUs,
    pairUs: 1e6 / pair.perSecond,
    pairMainUs: pair.mainUs,
  }
}

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      const contestant = await enter(Contestant.enter(entry, { accountIds: [accountId(0)] }))
      await contestant.call('openReader', SHAPE)
    }
    // Reads compete for nothing: half the window will do for each of the two.
    await runInTurn(field, (contestant) => runRound(contestant, context.seconds / 2), context)
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['session µs', 'sessionUs'],
  ['main thread µs', 'sessionMainUs'],
  ['key pair µs', 'pairUs'],
  ['main thread µs', 'pairMainUs'],
]

function bars(results) {
  const ours = find(results, 'ours')
  const careful = find(results, 'careful')
  const times = (figure) => median(careful, figure) / median(ours, figure)
  return [
    atLeast('session', times('sessionUs'), 40, 'x as fast as careful Node.js'),
    atLeast('key pair', times('pairUs'), 40, 'x as fast as careful Node.js'),
    atMost('session', median(ours, 'sessionUs'), 25, 'µs'),
    atMost('key pair', median(ours, 'pairUs'), 6, 'µs'),
    atMost('main thread, session', 1 / times('sessionMainUs'), 1 / 8, 'of careful Node.js'),
    atMost('main thread, key pair', 1 / times('pairMainUs'), 1 / 8, 'of careful Node.js'),
  ]
}

module.exports = {
  title: `gets of records that were read before: an account of ${SHAPE.records} session records`,
  run,
  columns: COLUMNS,
  bars,
}
