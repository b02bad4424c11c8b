'use strict'

/** This package, as a backend uses it: one store, opened once, its defaults unchanged. */

const { createSessionStore } = require('../..')

function createStore({ databaseUrl, secret, layout, poolSize, cacheBytes }) {
  const options = { databaseUrl, secret, layout, cacheBytes }
  const store = createSessionStore(poolSize ? { ...options, pool: { size: poolSize } } : options)
  return {
    open: (accountId) => store.useAuthState(accountId),
    stats: () => store.stats(),
    close: () => store.close(),
  }
}

module.exports = { createStore }
