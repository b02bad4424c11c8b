'use strict'

/** This package, as a backend uses it: one store, opened once, its defaults unchanged. */

const { createSessionStore } = require('../..')

function createStore({ databaseUrl, secret, layout, cacheBytes, baileys }) {
  const store = createSessionStore({ databaseUrl, secret, layout, cacheBytes, baileys })
  return {
    open: (accountId) => store.useAuthState(accountId),
    stats: () => store.stats(),
    close: () => store.close(),
  }
}

module.exports = { createStore }
