'use strict'

/** The report, as text. */

const { layOut, number, spread } = require('../text')

function renderWorkload({ records, callers }, results, verdicts) {
  const rows = [
    [
      `${records} records, ${callers === 1 ? '1 caller' : `${callers} callers`}`,
      'sets/s',
      'main thread ms/set',
      'process ms/set',
      'loop delay ms p99',
      'max',
      'sets/commit',
      'lost',
    ],
    ...results.map(({ label, figures, lost }) => [
      label,
      spread(figures.setsPerSecond),
      spread(figures.mainMsPerSet),
      spread(figures.processMsPerSet),
      spread(figures.delayP99Ms),
      number(figures.delayMaxMs.max),
      figures.setsPerCommit ? number(figures.setsPerCommit.median) : '-',
      String(lost),
    ]),
  ]
  const heading = ['  to be reached', 'measured', 'bar', '']
  const judged = verdicts.map(({ name, measured, target, reached }) => [
    `  ${name}`,
    measured,
    target,
    reached ? 'reached' : 'NOT REACHED',
  ])
  return [...layOut(rows), ...layOut([heading, ...judged])]
}

/** PostgreSQL's part: one `UPDATE` of a text as large, and what is left of a set of ours beside it. */
function renderBaselines(records, results, oursMsPerSet) {
  const kilobytes = Math.round(results[0].textBytes / 1000)
  const msOf = ({ figures }) => 1e3 / figures.setsPerSecond.median
  const rows = [
    [`${records} records: bare UPDATE of ${kilobytes} kB`, 'updates/s', 'ms', 'part of our set'],
    ...results.map((result) => [
      result.label,
      spread(result.figures.setsPerSecond),
      number(msOf(result)),
      `${((100 * msOf(result)) / oursMsPerSet).toFixed(0)} %`,
    ]),
  ]
  return layOut(rows)
}

const NOTES = [
  'sets/s               acknowledged sets of one session record of about 1 KB each; the rest of the blob is what was there',
  'main thread ms/set   CPU time of the JavaScript thread alone',
  'process ms/set       CPU time of all threads of the process; PostgreSQL is not in it',
  'loop delay p99       perf_hooks.monitorEventLoopDelay, resolution 1 ms, nothing subtracted: an idle loop shows about 1.1 ms;',
  '                     a block is one sample however long it is, so `max` is the longest of all rounds',
  'lost                 records whose last acknowledged value is not in the database at the end, as decrypted from it;',
  '                     the original writes over several connections, where an older blob can land after a newer one',
  'bare UPDATE          `pg` alone and one caller; EXTENDED is what Prisma makes: PostgreSQL tries to compress every text',
]

module.exports = { NOTES, renderBaselines, renderWorkload }
