'use strict'

/** This package in its `column` layout against the service that the layout comes from. */

const { print, showProgress } = require('../terminal')
const { BASELINES, CONTENDERS } = require('./contenders')
const { runWorkload } = require('./run')
const { NOTES, renderBaselines, renderWorkload } = require('./table')
const { judge } = require('./targets')

/** Gives how many acknowledged records of ours were lost. */
async function runSize(records, { callers, rounds, seconds }) {
  const timing = (name) => ({
    rounds,
    seconds,
    onRound: (label, round) => showProgress(`${name}, round ${round + 1}/${rounds}: ${label}`),
  })
  let lost = 0
  for (const count of callers) {
    const workload = { records, callers: count }
    const results = await runWorkload(CONTENDERS, workload, timing(`${records} x ${count}`))
    const ours = results.find(({ isOurs }) => isOurs)
    lost += ours.lost
    print(renderWorkload(workload, results, judge(workload, results[0].figures, ours.figures)))
    if (count !== 1) continue

    const alone = await runWorkload(BASELINES, workload, timing(`${records}, bare UPDATE`))
    print(renderBaselines(records, alone, 1e3 / ours.figures.setsPerSecond.median))
  }
  return lost
}

/** Gives how many acknowledged records of ours were lost. */
async function runSuite(options) {
  let lost = 0
  for (const records of options.records) lost += await runSize(records, options)
  print(NOTES)
  return lost
}

module.exports = { runSuite }
