'use strict'

/**
 * The demo: `npm run demo`, or `npm run demo -- --layout column`. A real PostgreSQL, real Baileys
 * encryption between accounts whose states live in it, and crashes. Its exit status is its verdict.
 */

const { parseArgs } = require('node:util')
const { startPostgres } = require('../__test__/support/postgres')
const { AccountsProcess } = require('./accounts-process')
const { ColumnDatabase } = require('./column-database')
const { Report } = require('./report')
const { RowsDatabase } = require('./rows-database')
const { Scenario } = require('./scenario')

const SECRET = 'an-example-secret-of-good-length'
const DATABASES = { rows: RowsDatabase, column: ColumnDatabase }
const GIVE_UP_AFTER_MS = 300_000
const INTERRUPTS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Resolves to an exit status when the demo is interrupted. */
const interrupted = new Promise((resolve) => {
  for (const [signal, status] of Object.entries(INTERRUPTS)) {
    process.on(signal, () => resolve(status))
  }
})

/** The layout that is asked for; left out, what the package chooses for an empty database. */
function readLayout() {
  const { values } = parseArgs({ options: { layout: { type: 'string', default: 'rows' } } })
  if (!Object.hasOwn(DATABASES, values.layout)) {
    throw new Error(
      `--layout: there is no ${values.layout}, only ${Object.keys(DATABASES).join(' and ')}`,
    )
  }
  return values.layout
}

async function run(layout, report, cleanUp) {
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

  const database = new DATABASES[layout](server.url(), SECRET)
  const scenario = new Scenario({ accounts, server, report, database })
  await Promise.race([scenario.play(), failed])
  report.finish([['layout', layout], ...scenario.table()])
  return report.passed ? 0 : 1
}

async function main() {
  const layout = readLayout()
  const report = new Report()
  const cleanUp = []
  try {
    return await Promise.race([run(layout, report, cleanUp), interrupted])
  } catch (error) {
    report.line(`The demo failed: ${error.stack}`)
    return 1
  } finally {
    report.stop()
    for (const step of cleanUp.reverse()) await step()
  }
}

main().then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  },
)
