'use strict'

const { argumentError } = require('./errors.js')
const { countsOf, sum } = require('./kinds.js')

// Sessions that could not be read, and were moved aside for fresh ones.

/** A session in quarantine, as the application sees it. */
function toQuarantined({ kinds, sinceMs, reason, ...rest }) {
  // Which records a text in the original form holds, only its secret tells.
  const counts = rest.layout === 'rows' ? countsOf(kinds) : null
  return {
    ...rest,
    reason,
    quarantinedAt: new Date(sinceMs),
    records: counts && sum(counts),
    kinds: counts,
  }
}

/** The arguments of `restore`, checked. */
function restoreArguments(quarantineId, options = {}) {
  if (typeof quarantineId !== 'string') {
    throw argumentError('the quarantine id must be a string, as quarantine() gives it', 'restore')
  }
  const replace = options?.replace ?? false
  if (typeof options !== 'object' || options === null || typeof replace !== 'boolean') {
    throw argumentError('its options are { replace: true } or none', 'restore')
  }
  return { quarantineId, replace }
}

module.exports = { restoreArguments, toQuarantined }
