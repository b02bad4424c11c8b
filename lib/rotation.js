'use strict'

const { KINDS, readOptions } = require('./call-options.js')

const OPTIONS = { rekey: KINDS.flag, signal: KINDS.signal, onProgress: KINDS.func }

/**
 * Takes all sessions over to the current secret, step after step. `begin` gives the native part of it, `step` calls for its next
 * step.
 */
async function rotate(options, begin, step) {
  const { rekey = false, signal, onProgress } = readOptions(options, OPTIONS, 'rotate')
  signal?.throwIfAborted()
  const rotation = begin(rekey)
  const stop = () => rotation.stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const { isDone, unrotated, ...progress } = await step(rotation)
      if (isDone) {
        onProgress?.(progress)
        return { ...progress, unrotated: unrotated.map(unrotatedSession) }
      }
      signal?.throwIfAborted()
      onProgress?.(progress)
      signal?.throwIfAborted()
    }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function unrotatedSession({ accountId, failure: { code, message } }) {
  return { accountId, code, message }
}

module.exports = { rotate }
