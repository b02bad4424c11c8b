'use strict'

const { createSessionStore } = require('../../../index')
const { createDatabase } = require('../../support/database')

const SECRET = 'an-example-secret-of-good-length'

/** Our store in one of its layouts. */
const database = (layout, { name, losses, options, partitions }) => ({
  name,
  isReference: false,
  losses,

  async setUp() {
    // Else the first open makes the tables.
    const db = await createDatabase(partitions && { layout, partitions })
    return {
      place: { databaseUrl: db.url },
      // Rows need nobody's row in another table.
      addAccount: async (accountId) => layout === 'rows' || db.addAccount(accountId),
      tearDown: () => db.drop(),
    }
  },

  connect({ databaseUrl }) {
    const store = createSessionStore({ databaseUrl, secret: SECRET, layout, ...options })
    return { open: (accountId) => store.useAuthState(accountId), close: () => store.close() }
  },
})

module.exports = { database }
