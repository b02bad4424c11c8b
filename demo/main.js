'use strict'

/**
 * The demo: `npm run demo`. A real PostgreSQL, real Baileys encryption between accounts whose
 * states live in it, and crashes. Its exit status is its verdict.
 */

const { startPostgres } = require('../__test__/support/postgres')
const { AccountsProcess } = require('./accounts-process')
const { Database } = require('./database')
const { Report } = require('./report')
const { Scenario } = require('./scenario')

const SECRET = 'an-example-secret-of-good-length'
const GIVE_UP_AFTER_MS = 300_000
const INTERRUPTS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Resolves to an exit status when the demo is interrupted. */
const interrupted = new Promise((resolve) => {
  for (const [signal, status] of Object.entries(INTERRUPTS)) {
    process.on(signal, () => resolve(status))
  }
})

async function run(report, cleanUp) {
  report.phase('starting PostgreSQL')
  const server = await startPostgres({ onProgress: (step) => report.note(step) })
  cleanUp.push(() => server.stop())

  const env = { DATABASE_URL: server.url(), WHATSAPP_SESSION_SECRET: SECRET }
  const accounts = new AccountsProcess(env)
  cleanUp.push(() => accounts.stop())
  const failed = new Promise((_, reject) => {
    accounts.on('failed', reject)
    setTimeout(() => reject(new Error('The demo makes no progress')), GIVE_UP_AFTER_MS).unref()
  })

  const database = new Database(server.url(), SECRET)
  const scenario = new Scenario({ accounts, server, report, database })
  await Promise.race([scenario.play(), failed])
  report.finish(scenario.table())
  return report.passed ? 0 : 1
}

async function main() {
  const report = new Report()
  const cleanUp = []
  try {
    return await Promise.race([run(report, cleanUp), interrupted])
  } catch (error) {
    report.line(`The demo failed: ${error.stack}`)
    return 1
  } finally {
    report.stop()
    for (const step of cleanUp.reverse()) await step()
  }
}

main().then((status) => process.exit(status))
