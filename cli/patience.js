'use strict'

/** As long as a whole session may take to be written or read, where nothing else is set. */
const WRITE_TIMEOUT_MS = 120_000

/** Gives a command that moves whole sessions more time than a backend has for a message; before it asks for the store. */
function withPatience({ settings }) {
  if (!process.env.BAILEYS_AUTH_WRITE_TIMEOUT_MS) settings.writeTimeoutMs ??= WRITE_TIMEOUT_MS
}

module.exports = { withPatience }
