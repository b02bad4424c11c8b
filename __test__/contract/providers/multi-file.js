'use strict'

const { mkdtemp, rm } = require('node:fs/promises')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

/**
 * Baileys' own store, a file per record: the reference. What it loses is listed here, and each loss is the
 * expectation of a test of its own, so that the list cannot be longer or shorter than the truth.
 */
module.exports = {
  name: 'useMultiFileAuthState',
  isReference: true,
  losses: {
    'ids with / and :': 'one record',
    'where the type ends': 'one record',
    'ids with lone surrogates': 'one record',
    'long ids': 'refused',
    'ids with NUL': 'refused',
    '__proto__ as id': 'lost',
    'values at the call': 'later ones',
  },

  async setUp() {
    const root = await mkdtemp(join(tmpdir(), 'contract-'))
    return {
      place: { root },
      addAccount: async () => {},
      tearDown: () => rm(root, { recursive: true }),
    }
  },

  connect({ root }) {
    return {
      async open(accountId) {
        const { useMultiFileAuthState } = await import('baileys')
        const auth = await useMultiFileAuthState(join(root, encodeURIComponent(accountId)))
        return { ...auth, close: async () => {} }
      },
      close: async () => {},
    }
  },
}
