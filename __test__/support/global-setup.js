'use strict'

const { startPostgres } = require('./postgres')

/** One PostgreSQL for the whole run of Jest, unless `TEST_DATABASE_URL` names one. */
module.exports = async function globalSetup() {
  if (process.env.TEST_DATABASE_URL) return
  globalThis.testServer = await startPostgres()
  process.env.TEST_DATABASE_URL = globalThis.testServer.url()
}
