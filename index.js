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

function defaultStore(options) {
  const settings = resolveOptions(options)
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('base64')
  if (!defaultStores.has(key)) defaultStores.set(key, new Store(settings, options?.logger))
  return defaultStores.get(key)
}

async function useDatabaseAuthState(accountId, options) {
  return defaultStore(options).open(accountId, { ...options })
}

async function clearDatabaseSession(accountId, options) {
  await defaultStore(options).clear(accountId)
}

function createSessionStore(options) {
  const store = new Store(resolveOptions(options), options?.logger)
  return {
    useAuthState: (accountId) => store.open(accountId, { ...options }),
    clear: (accountId) => store.clear(accountId),
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
