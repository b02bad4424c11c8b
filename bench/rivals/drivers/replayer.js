'use strict'

/** The recorded calls of real Baileys sockets, with their recorded overlap; the contract tests' replay, timed. */

const { performance } = require('node:perf_hooks')
const { isDeepStrictEqual } = require('node:util')
const { Replay } = require('../../../__test__/contract/replay')
const { readTrace } = require('../../../__test__/contract/trace')

/** Stands in for Jest's, which the replay asserts with: counts what differs and goes on. */
function countingExpect() {
  let differences = 0
  const compare = (actual) => (expected) => {
    if (!isDeepStrictEqual(actual, expected)) differences += 1
  }
  return {
    expect: (actual) => ({ toBe: compare(actual), toEqual: compare(actual) }),
    differences: () => differences,
  }
}

/** An account's handle whose gets and sets are timed from the call to the answer. */
function timed(handle, clock) {
  const time =
    (method) =>
    async (...args) => {
      const start = performance.now()
      const answer = await method(...args)
      clock.ms += performance.now() - start
      clock.calls += 1
      return answer
    }
  const { get, set } = handle.state.keys
  return {
    ...handle,
    state: { creds: handle.state.creds, keys: { get: time(get), set: time(set) } },
  }
}

/** Replays a trace into an account that is new, and reads in the end all that it has stored. */
async function replay(store, { trace, accountId }) {
  const { expect, differences } = countingExpect()
  globalThis.expect = expect
  const clock = { ms: 0, calls: 0 }
  const run = new Replay(await import('baileys'), async () =>
    timed(await store.open(accountId), clock),
  )
  await run.run(readTrace(trace))
  await run.handle.close()
  await run.expectFinalState(await store.open(accountId))
  return {
    usPerCall: (clock.ms * 1e3) / clock.calls,
    calls: clock.calls,
    answers: run.answers,
    differences: differences(),
  }
}

module.exports = { replay }
