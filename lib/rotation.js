'use strict'

const { KINDS, readOptions } = require('./call-options.js')
const { leftSession, stepwise } = require('./stepwise.js')

const OPTIONS = { rekey: KINDS.flag, signal: KINDS.signal, onProgress: KINDS.func }

/**
 * Takes all sessions over to the current secret. `begin` gives the native part of it, `step` calls for its next step.
 */
async function rotate(options, begin, step) {
  const { rekey = false, signal, onProgress } = readOptions(options, OPTIONS, 'rotate')
  const tell = onProgress && (({ unrotated, ...progress }) => onProgress(progress))
  const { unrotated, ...report } = await stepwise(
    { signal, onProgress: tell },
    () => begin(rekey),
    step,
  )
  return { ...report, unrotated: unrotated.map(leftSession) }
}

module.exports = { rotate }
