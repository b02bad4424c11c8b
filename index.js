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

function defaultStore({ settings, observer }) {
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('base64')
  if (!defaultStores.has(key)) defaultStores.set(key, new Store(settings, observer))
  return defaultStores.get(key)
}

async function useDatabaseAuthState(accountId, options) {
  const resolved = resolveOptions(options)
  return defaultStore(resolved).open(accountId, resolved.baileys, resolved.observer)
}

async function clearDatabaseSession(accountId, options) {
  const resolved = resolveOptions(options)
  await defaultStore(resolved).clear(accountId, resolved.observer)
}

function createSessionStore(options) {
  const { settings, baileys, observer } = resolveOptions(options)
  const store = new Store(settings, observer)
  return {
    useAuthState: (accountId) => store.open(accountId, baileys),
    clear: (accountId) => store.clear(accountId),
    sessions: (options) => store.sessions(options),
    verify: (options) => store.verify(options),
    quarantine: () => store.quarantine(),
    restore: (quarantineId, restoring) => store.restore(quarantineId, restoring),
    importMultiFile: (folder, accountId, options) =>
      store.importMultiFile(folder, accountId, options),
    exportMultiFile: (accountId, folder, options) =>
      store.exportMultiFile(accountId, folder, options),
    rotate: (options) => store.rotate(options),
    migrate: (options) => store.migrate(options),
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
