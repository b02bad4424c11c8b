'use strict'

/** Recorded calls of real Baileys sockets, with their recorded overlap, every answer checked. */

const { accountId } = require('../../records')
const { CAREFUL, OURS } = require('../../stores')
const { atMost, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { withField } = require('../field')
const { runInTurn } = require('../turns')

const TRACES = { 'socket-v7': 'socketUs', 'dm-v7': 'dmUs' }

/** Every replay needs an account of its own. */
async function runRound(contestant) {
  const figures = { differences: 0 }
  for (const [trace, figure] of Object.entries(TRACES)) {
    contestant.replays = (contestant.replays ?? 0) + 1
    const run = { trace, accountId: accountId(contestant.replays) }
    const { usPerCall, differences } = await contestant.call('replay', run)
    figures[figure] = usPerCall
    figures.differences += differences
  }
  return figures
}

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL])) {
      context.onRound(entry.label)
      await enter(Contestant.enter(entry))
    }
    await runInTurn(field, runRound, context)
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['socket-v7 µs/call', 'socketUs'],
  ['dm-v7 µs/call', 'dmUs'],
  ['differences', 'differences'],
]

function bars(results) {
  const ours = find(results, 'ours')
  const part = (figure) => median(ours, figure) / median(find(results, 'careful'), figure)
  return [
    atMost('differences', ours?.figures.differences.max, 0, ''),
    atMost('socket-v7, time per call', part('socketUs'), 1 / 3, 'of careful Node.js'),
    atMost('dm-v7, time per call', part('dmUs'), 1 / 3, 'of careful Node.js'),
  ]
}

module.exports = {
  title: 'replay of recorded calls, every answer checked',
  run,
  columns: COLUMNS,
  bars,
}
