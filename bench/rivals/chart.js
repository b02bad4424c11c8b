'use strict'

/** Which figures of this suite the chart shows. */

const { find } = require('./bars')

/** By workload: the title, and a contestant's value, of which more is better. */
const PANELS = {
  sets: ['sets per second, 100 accounts', ({ perSecond }) => perSecond.median],
  steps: ['messages (get, then set) per second', ({ perSecond }) => perSecond.median],
  sequential: ['sets per second, one after another', ({ p50Ms }) => 1e3 / p50Ms.median],
  cached: ['gets of a cached session per second', ({ sessionUs }) => 1e6 / sessionUs.median],
  'pre-keys': ['pre-keys stored per second, 812 a set', ({ wallMs }) => 812e3 / wallMs.median],
  opening: ['accounts opened per second, 300 at once', ({ perSecond }) => perSecond.median],
}

const kindOf = (name) => ({ ours: 'ours', limit: 'limit' })[name] ?? 'bar'

/** The panels of the workloads that have run; `byWorkload` holds each one's results. */
function panelsOf(byWorkload) {
  const names = Object.keys(PANELS).filter((name) => find(byWorkload[name] ?? [], 'ours'))
  return names.map((name) => {
    const [title, read] = PANELS[name]
    const rows = byWorkload[name]
      // The sizes of one store are compared in the table.
      .filter((result) => !result.name.includes(' '))
      .map((result) => ({
        label: result.shortLabel,
        value: read(result.figures),
        kind: kindOf(result.name),
      }))
    return { title, rows }
  })
}

module.exports = { panelsOf }
