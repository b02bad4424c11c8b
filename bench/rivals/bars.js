'use strict'

/** What has to be reached: each bar with `name`, `measured`, `bar` (texts) and `reached`. */

const { number } = require('../text')

/** A bar for a figure; nothing where the run has not got the figure. */
const bar = (relation, holds) => (name, figure, limit, unit) =>
  Number.isFinite(figure) && {
    name,
    measured: `${number(figure)} ${unit}`,
    bar: `${relation} ${number(limit)}`,
    reached: holds(figure, limit),
  }

const atLeast = bar('>=', (figure, limit) => figure >= limit)
const atMost = bar('<=', (figure, limit) => figure <= limit)

/** A store's median, or not a number if it did not take part. */
const median = (result, figure) => result?.figures[figure]?.median ?? Number.NaN

const find = (results, name) => results.find((result) => result.name === name)

/** The rival with the highest (or lowest) figure. */
function bestRival(results, figure, { isLower = false } = {}) {
  const sign = isLower ? 1 : -1
  return results
    .filter(({ isRival, figures }) => isRival && figures[figure])
    .sort((a, b) => sign * (median(a, figure) - median(b, figure)))[0]
}

module.exports = { atLeast, atMost, bestRival, find, median }
