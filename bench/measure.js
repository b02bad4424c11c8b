'use strict'

/** The clocks of a measured window, read in the process under test. */

const fs = require('node:fs')
const { monitorEventLoopDelay, performance } = require('node:perf_hooks')
const { setTimeout: delay } = require('node:timers/promises')

/** How often the sampler of the event loop's delay fires, in ms. */
const SAMPLE_MS = 1

/** On Linux the main thread's id is the process's; the first field is its time on a CPU in ns. */
const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`

/**
 * CPU time of JavaScript's thread alone, in ms: an addon's threads and V8's helpers are not in it. Where the kernel does
 * not tell, the time that the event loop was not waiting, which is at least that.
 */
function mainThreadMs() {
  try {
    return Number(fs.readFileSync(SCHEDSTAT, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.eventLoopUtilization().active
  }
}

const processMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

/**
 * Runs `work`, which gives how many calls it made, and tells what they took.
 *
 * The kernel brings a thread's figure up to date when it switches away from the thread, so the loop waits once before
 * each reading.
 */
async function measureRate(work) {
  await delay(1)
  const [mainBefore, processBefore, start] = [mainThreadMs(), processMs(), performance.now()]
  const count = await work()
  const seconds = (performance.now() - start) / 1e3
  await delay(1)
  return {
    count,
    perSecond: count / seconds,
    mainMs: (mainThreadMs() - mainBefore) / count,
    processMs: (processMs() - processBefore) / count,
  }
}

/**
 * Runs `work` and tells the event loop's delay in ms. Nothing is subtracted: a loop that is never held up shows the
 * sampler's own period and what its timer adds. A block of any length is one sample among those of every free
 * millisecond, hence the maximum beside the percentile.
 */
async function measureDelay(work) {
  const histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS })
  histogram.enable()
  // The first sample only starts the clock: a block before it would not be seen.
  while (histogram.count === 0) await delay(SAMPLE_MS)
  await work()
  await delay(2 * SAMPLE_MS)
  histogram.disable()
  return { delayP99Ms: histogram.percentile(99) / 1e6, delayMaxMs: histogram.max / 1e6 }
}

module.exports = { measureDelay, measureRate }
