'use strict'

/** What arrived of what was sent. */

/** How often each of these stands in a list. */
const countsOf = (items) => {
  const counts = new Map()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

/**
 * @param {string[]} sent texts, all different
 * @param {string[]} arrived texts, in all processes of the receiver
 * @returns {{ lost: string[], twice: string[] }}
 */
function compare(sent, arrived) {
  const counts = countsOf(arrived)
  return {
    lost: sent.filter((text) => !counts.has(text)),
    twice: [...counts].filter(([, count]) => count > 1).map(([text]) => text),
  }
}

/** The texts of a burst. */
const burstOf = (name, count) => Array.from({ length: count }, (_, at) => `${name} ${at + 1}`)

module.exports = { burstOf, compare }
