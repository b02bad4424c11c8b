'use strict'

/** This package in its `rows` layout against every rival, and against what PostgreSQL can take. */

const fs = require('node:fs')
const path = require('node:path')
const { renderChart } = require('../chart')
const { installRivals } = require('../install')
const { print, showProgress } = require('../terminal')
const { panelsOf } = require('./chart')
const { NOTES, renderWorkload } = require('./table')
const WORKLOADS = require('./workloads')

const CHART = path.join(__dirname, '../chart.svg')

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

/** Draws what was measured; `bench/chart.svg` shows only runs of everything. */
function writeChart(
  byWorkload,
  { chart, isWhole, rounds, command },
  { cpu, cores, node, postgres },
) {
  const file = chart ?? (isWhole ? CHART : undefined)
  if (!file) return
  const notes = [
    `${cpu}, ${cores} cores; Node.js ${node}, PostgreSQL ${postgres.version} with its default durability; medians of ${rounds} rounds.`,
    `Logarithmic scales, more is better. useMultiFileAuthState does not wait for the disk. ${command}`,
  ]
  fs.writeFileSync(file, renderChart({ panels: panelsOf(byWorkload), notes }))
}

/** Gives how many acknowledged records of ours were lost. */
async function runSuite(options, environment) {
  installRivals()
  const byWorkload = {}
  let lost = 0
  for (const name of options.only) {
    const workload = WORKLOADS[name]
    const results = await workload.run(contextOf(name, options))
    byWorkload[name] = results
    print(renderWorkload(workload, results))
    for (const { name: store, lost: records = 0 } of results) {
      if (store.startsWith('ours')) lost += records
    }
  }
  print(NOTES)
  writeChart(byWorkload, options, environment)
  return lost
}

module.exports = { runSuite }
