'use strict'

/**
 * Baileys' own `useMultiFileAuthState`: a file a record, written in place, without `fsync`: what it acknowledges is in
 * the memory of the operating system, and a power cut loses it.
 */

const path = require('node:path')

async function createStore({ directory }) {
  const { useMultiFileAuthState } = await import('baileys')
  return {
    open: (accountId) => useMultiFileAuthState(path.join(directory, accountId)),
    close: async () => {},
  }
}

module.exports = { createStore }
