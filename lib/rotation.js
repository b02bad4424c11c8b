'use strict'

const { argumentError } = require('./errors.js')

const OPTIONS = {
  rekey: [(value) => typeof value === 'boolean', 'it must be true or false'],
  signal: [(value) => value instanceof AbortSignal, 'it must be an AbortSignal'],
  onProgress: [(value) => typeof value === 'function', 'it must be a function'],
}

/** Checks the options of a rotation. */
function readOptions(options = {}) {
  if (typeof options !== 'object' || options === null) {
    throw argumentError('the options must be an object', 'rotate')
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    if (!Object.hasOwn(OPTIONS, name)) {
      throw argumentError(`options.${name}: there is no such option`, 'rotate')
    }
    const [isRight, problem] = OPTIONS[name]
    if (!isRight(value)) throw argumentError(`options.${name}: ${problem}`, 'rotate')
  }
  return Object.fromEntries(given)
}

/**
 * Takes all sessions over to the current secret, step after step. `begin` gives the native part of it, `step` calls for its next
 * step.
 */
async function rotate(options, begin, step) {
  const { rekey = false, signal, onProgress } = readOptions(options)
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
