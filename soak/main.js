'use strict'

/** Injects real faults, counts, and prints the figures: `npm run soak`. On a PostgreSQL of its own. */

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { LAYOUTS } = require('../__test__/faults/layouts')
const { startPostgres } = require('../__test__/support/postgres')

const FAULTS = path.join(__dirname, 'faults')

async function main() {
  const names = fs.readdirSync(FAULTS).map((file) => path.basename(file, '.js'))
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: names.join(',') },
      layout: { type: 'string', default: LAYOUTS.join(',') },
      short: { type: 'boolean', default: false },
    },
  })
  const server = await startPostgres()
  try {
    process.env.TEST_DATABASE_URL = server.url()
    for (const name of values.only.split(',')) {
      const { title, run } = require(path.join(FAULTS, name))
      for (const layout of values.layout.split(',')) {
        const figures = await run({ layout, scale: values.short ? 'short' : 'long' })
        console.log(`${title}, layout ${layout}`)
        console.table(figures)
      }
    }
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
