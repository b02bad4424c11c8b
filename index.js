'use strict'

const { createHash } = require('node:crypto')
const { SessionStoreError } = require('./lib/errors.js')
const { resolveOptions } = require('./lib/options.js')
const {
  decryptData,
  deserializeBuffers,
  encryptData,
  serializeBuffers,
} = require('./lib/sealing.js')
const { Store } = require('./lib/store.js')

/** The stores behind the two functions, one for each distinct set of settings; by a hash, since settings hold secrets. */
const defaultStores = new Map()

function defaultStore({ settings, logger }) {
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('base64')
  if (!defaultStores.has(key)) defaultStores.set(key, new Store(settings, logger))
  return defaultStores.get(key)
}

async function useDatabaseAuthState(accountId, options) {
  const resolved = resolveOptions(options)
  return defaultStore(resolved).open(accountId, resolved)
}

async function clearDatabaseSession(accountId, options) {
  await defaultStore(resolveOptions(options)).clear(accountId)
}

function createSessionStore(options) {
  const resolved = resolveOptions(options)
  const store = new Store(resolved.settings, resolved.logger)
  return {
    useAuthState: (accountId) => store.open(accountId, resolved),
    clear: (accountId) => store.clear(accountId),
    quarantine: () => store.quarantine(),
    restore: (quarantineId, restoring) => store.restore(quarantineId, restoring),
    stats: () => store.stats(),
    close: () => store.close(),
  }
}

// Written out, so that ES modules see the names too.
module.exports = {
  useDatabaseAuthState,
  clearDatabaseSession,
  createSessionStore,
  encryptData,
  decryptData,
  serializeBuffers,
  deserializeBuffers,
  SessionStoreError,
}
