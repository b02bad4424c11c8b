'use strict'

/** What talks to the database, through a PgBouncer in transaction mode with 5 connections to the server. */

const config = require('./jest.config')

/** Left to the direct run, `npm run test:js`: files and folders of `__test__`, and why. */
const FILES = {
  'faults/client-certificate': 'a certificate is shown to the pooler, which has no use for it',
  'faults/tls': 'TLS ends at the pooler, and this one offers none',
  'faults/tls-modes': 'likewise',
  'faults/restart': 'a pooler hides some restarts, and after others refuses everybody for a while',
  'faults/event-loop': 'it measures the process, and talks to nobody else',
  'soak/said': 'it needs no database',
  'types/exports': 'likewise',
  'whatsapp/.*':
    'what a store asks of a pooler is in the others, and here Baileys asks for it, slowly',
}

/** Likewise, tests by the end of their names. */
const TESTS = {
  'is told at once, with its SQLSTATE':
    'all that PgBouncer refuses itself has the SQLSTATE 08P01, which may pass and is tried again',
  'are all taken, without a warning':
    'PgBouncer refuses the startup parameter options, or drops it',
  'every write sets it in UTC, on a server in .*':
    "a time zone that is set for the database reaches new connections, and the pooler's are old",
  'ends its connections': "the server sees the pooler's, which stay",
}

module.exports = {
  ...config,
  testPathIgnorePatterns: [
    '/node_modules/',
    ...Object.keys(FILES).map((file) => `/__test__/${file}\\.test\\.js$`),
  ],
  testNamePattern: `^(?!.*(${Object.keys(TESTS).join('|')})$)`,
  globals: { throughPooler: true },
}
