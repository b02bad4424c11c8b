'use strict'

/** Runs a workload of callers that write, for every store that can take it. */

const { accountId } = require('../records')
const { Contestant } = require('./contestant')
const { runInTurn } = require('./turns')

/** The workload as a store can take it. */
function fit({ callersAtMost = Infinity }, shape) {
  const { accounts, callers } = shape
  return accounts * callers <= callersAtMost
    ? shape
    : { ...shape, accounts: Math.min(accounts, callersAtMost), callers: 1 }
}

/** A store's process with its accounts opened and filled. */
async function enterCrowd(entry, shape, label = entry.label) {
  const fitted = fit(entry, shape)
  const callers = fitted.accounts * fitted.callers
  const contestant = await Contestant.enter(entry, {
    accountIds: Array.from({ length: fitted.accounts }, (_, number) => accountId(number)),
    label: fitted === shape ? label : `${label}, ${callers} callers`,
  })
  contestant.shape = fitted
  await contestant.call('openCrowd', fitted)
  return contestant
}

/**
 * One round of one store: a window for the rate and the times, and one half as long for the event loop's delay, whose
 * sampler wakes the thread too often to be on while CPU time is measured.
 */
async function runRound(contestant, seconds) {
  await contestant.db.query('VACUUM')
  await contestant.db.query('CHECKPOINT')
  if (contestant.isLimit) return contestant.measure(seconds)
  // The first write to a page after a checkpoint logs the whole page, however many rounds the store makes of it.
  await contestant.call('pass', { seconds })
  const rate = await contestant.call('rate', { seconds })
  const delay = await contestant.call('loopDelay', { seconds: seconds / 2 })
  return { ...rate, ...delay }
}

/** How many acknowledged records another process of the same store does not find. */
async function countLost(contestant) {
  const acknowledged = await contestant.call('acknowledged')
  await contestant.restart()
  return contestant.call('countLost', { acknowledged })
}

/** Runs the rounds of contestants that have entered, and gives what was measured of each. */
async function runWriting(field, { rounds, seconds, onRound }) {
  await runInTurn(field, (contestant) => runRound(contestant, seconds), { rounds, onRound })
  for (const contestant of field) {
    if (!contestant.isLimit) contestant.lost = await countLost(contestant)
  }
  return field.map((contestant) => contestant.result())
}

module.exports = { enterCrowd, runWriting }
