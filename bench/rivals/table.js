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

const NOTES = [
  'careful Node.js      `pg`, a row a record, one prepared `unnest` upsert a set, AES-256-GCM, the key derived once; a pool of 8',
  'main thread          CPU time of the JavaScript thread alone',
  'process              CPU time of all threads of the process; PostgreSQL is not in it',
  'loop delay p99       perf_hooks.monitorEventLoopDelay, resolution 1 ms, nothing subtracted: an idle loop shows about 1.1 ms',
  'lost                 records whose last acknowledged value another process of the same store does not read',
  'WAL                  every page was logged as a whole before: what remains is what the sets themselves need',
  'idle accounts        memory over that of the same process when it had opened and closed 500 others',
]

module.exports = { NOTES, renderWorkload }
