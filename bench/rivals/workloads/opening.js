'use strict'

/** The start of a backend: many accounts that exist are opened at once, in a process that has opened one before. */

const { accountId } = require('../../records')
const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { atLeast, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { withField } = require('../field')
const { runInTurn } = require('../turns')

/** One more than are measured: the first derives the key. */
const SHAPE = { accounts: 301, records: 20 }

async function runRound(contestant) {
  await contestant.restart()
  await contestant.call('openFirst')
  const { perSecond, mainMs } = await contestant.call('openAll', SHAPE)
  return { perSecond, mainMs }
}

const run = (context) =>
  withField(async (field, enter) => {
    const accountIds = Array.from({ length: SHAPE.accounts }, (_, number) => accountId(number))
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      const contestant = await enter(Contestant.enter(entry, { accountIds }))
      await contestant.call('fillAccounts', SHAPE)
      await contestant.db.query('VACUUM')
      await contestant.db.query('CHECKPOINT')
    }
    await runInTurn(field, runRound, context)
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['accounts/s', 'perSecond'],
  ['main thread ms/account', 'mainMs'],
]

function bars(results) {
  const rate = (name) => median(find(results, name), 'perSecond')
  return [atLeast('accounts/s', rate('ours') / rate('careful'), 4, 'x careful Node.js')]
}

module.exports = {
  title: `opening ${SHAPE.accounts - 1} accounts at once and reading a record of each`,
  run,
  columns: COLUMNS,
  bars,
}
