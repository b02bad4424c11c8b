'use strict'

/** What this package has to reach against the original service, and whether it did. */

/** Sets per second, as a multiple, by `records` and `callers`. Other workloads have no target. */
const RATE = { '100/1': 4, '1000/1': 2, '100/16': 100, '1000/16': 30 }
/** Main-thread time per set, as a divisor. */
const MAIN_THREAD = 200
/** 99th percentile of the event loop's delay in ms. */
const DELAY_P99_MS = 5

/** Each with `name`, `measured`, `target` (both as text) and `reached`. */
function judge({ records, callers }, original, ours) {
  const rate = ours.setsPerSecond.median / original.setsPerSecond.median
  const mainThread = original.mainMsPerSet.median / ours.mainMsPerSet.median
  const delay = ours.delayP99Ms.median
  const times = RATE[`${records}/${callers}`]
  return [
    times && {
      name: 'sets/s',
      measured: `${rate.toFixed(1)} x the original`,
      target: `>= ${times} x`,
      reached: rate >= times,
    },
    {
      name: 'main thread per set',
      measured: `1/${mainThread.toFixed(0)} of the original`,
      target: `<= 1/${MAIN_THREAD}`,
      reached: mainThread >= MAIN_THREAD,
    },
    {
      name: 'loop delay p99',
      measured: `${delay.toFixed(2)} ms`,
      target: `< ${DELAY_P99_MS} ms`,
      reached: delay < DELAY_P99_MS,
    },
  ].filter(Boolean)
}

module.exports = { judge }
