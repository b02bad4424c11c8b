'use strict'

/**
 * Work over all sessions, step after step: `begin` gives the native part of it, `step` calls for its next step. Gives what the
 * last one says; `onProgress` gets what each of them does, but for `isDone`.
 */
async function stepwise({ signal, onProgress }, begin, step) {
  signal?.throwIfAborted()
  const work = begin()
  const stop = () => work.stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const { isDone, ...progress } = await step(work)
      if (!isDone) signal?.throwIfAborted()
      onProgress?.(progress)
      if (isDone) return progress
      signal?.throwIfAborted()
    }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** A session that was left as it was, and why. */
function leftSession({ accountId, failure: { code, message } }) {
  return { accountId, code, message }
}

module.exports = { leftSession, stepwise }
