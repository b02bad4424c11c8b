'use strict'

/** Median and spread of a few rounds, percentiles of many calls. */

/** The value below which a part of the `sorted` ones is. */
const percentile = (sorted, part) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]

function summarise(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted.at(-1) }
}

/** From one object of figures a round to one object of summaries. */
function summariseRounds(rounds) {
  const names = Object.keys(rounds[0]).filter((name) => rounds[0][name] !== undefined)
  return Object.fromEntries(
    names.map((name) => [name, summarise(rounds.map((round) => round[name]))]),
  )
}

module.exports = { percentile, summariseRounds }
