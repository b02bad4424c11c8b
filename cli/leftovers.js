'use strict'

/** The sessions that a command had to leave as they were, if there are any. */
function showLeftovers(output, sessions) {
  if (sessions.length === 0) return
  output.table(
    ['left', 'why'],
    sessions.map(({ accountId, code, message }) => [accountId, `${message} (${code})`]),
  )
}

module.exports = { showLeftovers }
