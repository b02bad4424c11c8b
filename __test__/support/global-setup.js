'use strict'

const { poolAll } = require('./pgbouncer')
const { startPostgres } = require('./postgres')

/**
 * One PostgreSQL for the whole run of Jest, unless `TEST_DATABASE_URL` names one; where the configuration says
 * `throughPooler` among its globals, with a PgBouncer in front of it.
 */
module.exports = async function globalSetup(_, { globals: { throughPooler } }) {
  if (!process.env.TEST_DATABASE_URL) {
    globalThis.testServer = await startPostgres()
    process.env.TEST_DATABASE_URL = globalThis.testServer.url()
  }
  if (throughPooler) globalThis.testPooler = await poolAll(process.env.TEST_DATABASE_URL)
}
