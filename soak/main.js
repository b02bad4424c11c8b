'use strict'

/**
 * Injects real faults, counts, and prints the figures: `npm run soak`. On a PostgreSQL of its own with default
 * durability. Its exit status is its verdict.
 */

const { startPostgres } = require('../__test__/support/postgres')
const { print, showProgress } = require('../bench/terminal')
const { number } = require('../bench/text')
const { USAGE, readArguments } = require('./options')
const { runFault } = require('./run')

const show = (figure) => {
  if (Number.isInteger(figure)) return figure.toLocaleString('en')
  return typeof figure === 'number' ? number(figure) : figure
}

/** Runs one fault; prints what came of it, and says whether all promises were kept. */
async function attempt(fault, layout, scale) {
  const name = `${fault.name}, layout ${layout}`
  const report = (line) => showProgress(`${name}: ${line}`)
  const from = performance.now()
  let lines, isKept
  try {
    const figures = Object.entries(await runFault(fault, { layout, scale, report }))
    const width = Math.max(...figures.map(([label]) => label.length))
    lines = figures.map(([label, figure]) => `  ${label.padEnd(width)}  ${show(figure)}`)
    isKept = true
  } catch (error) {
    lines = [`  BROKEN: ${error.stack}`]
    isKept = false
  }
  const seconds = number((performance.now() - from) / 1_000)
  print([`${fault.title}, layout ${layout} (${seconds} s)`, ...lines])
  return isKept
}

async function main() {
  const options = readArguments(process.argv.slice(2))
  if (options.help) return process.stdout.write(USAGE)

  const server = await startPostgres({ onProgress: showProgress })
  let broken = 0
  try {
    process.env.TEST_DATABASE_URL = server.url()
    for (const fault of options.faults) {
      for (const layout of options.layouts) {
        if (!(await attempt(fault, layout, options.scale))) broken++
      }
    }
  } finally {
    await server.stop()
  }
  if (broken > 0) throw new Error(`${broken} of the runs broke a promise`)
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
