'use strict'

/** This package, as a backend uses it: one store, opened once, its defaults unchanged. */

const { createSessionStore } = require('../..')

async function open({ databaseUrl, accountId, secret }) {
  const store = createSessionStore({ databaseUrl, secret })
  const { state } = await store.useAuthState(accountId)
  return {
    set: (data) => state.keys.set(data),
    /** Commits since the store was made, to tell how many sets share one. */
    commits: () => store.stats().commits,
    close: () => store.close(),
  }
}

module.exports = { open }
