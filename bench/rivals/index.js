'use strict'

/** This package in its `rows` layout against every rival, and against what PostgreSQL can take. */

const { print, showProgress } = require('../terminal')
const { renderNotes, renderWorkload } = require('./table')
const WORKLOADS = require('./workloads')

/** What a workload's run gets to know. */
function contextOf(name, { stores, rounds, seconds }) {
  return {
    rounds,
    seconds,
    chosen: (entries) => entries.filter((entry) => stores.includes(entry.name)),
    hasLimit: stores.includes('limit') && stores.includes('ours'),
    onRound: (label, round) =>
      showProgress(
        `${name}, ${round === undefined ? 'filling' : `round ${round + 1}/${rounds}`}: ${label}`,
      ),
  }
}

/** Gives how many acknowledged records of ours were lost. */
async function runSuite(options) {
  let lost = 0
  for (const name of options.only) {
    const workload = WORKLOADS[name]
    const results = await workload.run(contextOf(name, options))
    print(renderWorkload(workload, results))
    for (const { name: store, lost: records = 0 } of results) {
      if (store.startsWith('ours')) lost += records
    }
  }
  print(renderNotes())
  return lost
}

module.exports = { runSuite }
