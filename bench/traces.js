'use strict'

/** What the recorded runs of Baileys stored. */

const { readTrace, Written } = require('../__test__/contract/trace')

const TRACES = ['boot-v7', 'socket-v7', 'dm-v7', 'dm-v6']

/** The `count` largest records of a type, one an id, as `[id, JSON text]`: each as of when it was largest. */
function largestRecords(type, count) {
  const largest = new Map()
  for (const name of TRACES) {
    const written = new Written()
    for (const line of readTrace(name)) {
      if (line.t !== 'set') continue
      for (const [id, text] of Object.entries(written.apply(line.data)[type] ?? {})) {
        const key = `${name} ${id}`
        if (text && text.length > (largest.get(key)?.[1].length ?? 0)) largest.set(key, [id, text])
      }
    }
  }
  return [...largest.values()].sort(([, a], [, b]) => b.length - a.length).slice(0, count)
}

module.exports = { largestRecords }
