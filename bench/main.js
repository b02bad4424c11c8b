'use strict'

/** The benchmark, on a PostgreSQL of its own with default durability. */

const { startPostgres } = require('../__test__/support/postgres')
const { describeEnvironment, renderEnvironment } = require('./environment')
const { USAGE, readArguments } = require('./options')
const { print, showProgress } = require('./terminal')

async function main() {
  const options = readArguments(process.argv.slice(2))
  if (options.help) return process.stdout.write(USAGE)

  const { runSuite } = require(`./${options.suite}`)
  const server = await startPostgres({ onProgress: showProgress })
  try {
    process.env.TEST_DATABASE_URL = server.url()
    const environment = await describeEnvironment(server.url(), options)
    print(renderEnvironment(environment, options))
    const lost = await runSuite(options, environment)
    if (lost > 0) throw new Error(`this package lost ${lost} acknowledged records`)
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
