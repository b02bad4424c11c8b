'use strict'

module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/__test__/**/*.test.js'],
  // They need a PgBouncer, which not everybody has: `npm run test:pooler`.
  testPathIgnorePatterns: ['/node_modules/', '/__test__/pooler/'],
  globalSetup: './__test__/support/global-setup.js',
  globalTeardown: './__test__/support/global-teardown.js',
  testTimeout: 60_000,
  // Most of a test's time is PostgreSQL's and the network's; Jest's own default would leave a core idle.
  maxWorkers: '100%',
}
