'use strict'

/** The report of a workload, as text. */

const { layOut, spread } = require('../text')

function renderWorkload({ title, columns, bars }, results) {
  const headings = columns.map(([heading]) => heading)
  const rows = results.map(({ label, figures, lost }) => [
    label,
    ...columns.map(([, figure]) => spread(figures[figure])),
    lost === undefined ? '-' : String(lost),
  ])
  const judged = bars(results)
    .filter(Boolean)
    .map(({ name, measured, bar, reached }) => [
      `  ${name}`,
      measured,
      bar,
      reached ? 'reached' : 'NOT REACHED',
    ])
  const verdicts =
    judged.length > 0 ? layOut([['  to be reached', 'measured', 'bar', ''], ...judged]) : []
  return [title, ...layOut([['', ...headings, 'lost'], ...rows]), ...verdicts]
}

const renderNotes = () => [
  'main thread          CPU time of the JavaScript thread alone',
  'process              CPU time of all threads of the process; PostgreSQL is not in it',
  'loop delay p99       perf_hooks.monitorEventLoopDelay, resolution 1 ms, nothing subtracted: an idle loop shows about 1.1 ms',
  'lost                 records whose last acknowledged value another process of the same store does not read',
]

module.exports = { renderNotes, renderWorkload }
