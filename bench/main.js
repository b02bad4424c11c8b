'use strict'

/** The benchmark: this package against the original service's algorithm, on a PostgreSQL of its own. */

const { parseArgs } = require('node:util')
const { startPostgres } = require('../__test__/support/postgres')
const { describeEnvironment } = require('./environment')
const { runWorkload } = require('./run')
const { BASELINES, CONTENDERS } = require('./stores')
const { NOTES, renderBaselines, renderEnvironment, renderWorkload } = require('./table')
const { judge } = require('./targets')

const USAGE = `Usage: npm run bench -- [options]

  --records LIST   sizes of the account, in records (100,1000)
  --callers LIST   how many callers write at once (1,16)
  --rounds N       rounds of every store and workload (5)
  --seconds S      length of a round's window (1.5)
  --quick          1 round of 0.3 s, unless given otherwise: whether it works, not how fast it is
  --help           this text
`

const OPTIONS = {
  records: { type: 'string', default: '100,1000' },
  callers: { type: 'string', default: '1,16' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

function positive(name, text, isValid = Number.isInteger) {
  const value = Number(text)
  if (!(value > 0 && isValid(value))) throw new Error(`--${name}: ${text} is not possible`)
  return value
}

function readArguments(args) {
  const { values } = parseArgs({ args, options: OPTIONS })
  const list = (name) => values[name].split(',').map((text) => positive(name, text))
  const [records, callers] = [list('records'), list('callers')]
  if (Math.min(...records) < Math.max(...callers)) {
    throw new Error('--records: every caller needs at least one record of its own')
  }
  return {
    help: values.help,
    records,
    callers,
    rounds: positive('rounds', values.rounds ?? (values.quick ? 1 : 5)),
    seconds: positive('seconds', values.seconds ?? (values.quick ? 0.3 : 1.5), Number.isFinite),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  }
}

/** One line on the terminal that is written over; nothing where the output is not a terminal. */
function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function print(lines) {
  showProgress('')
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

/** Gives how many acknowledged records of ours were lost. */
async function runSize(records, { callers, rounds, seconds }) {
  const timing = (name) => ({
    rounds,
    seconds,
    onRound: (label, round) => showProgress(`${name}, round ${round + 1}/${rounds}: ${label}`),
  })
  let lost = 0
  for (const count of callers) {
    const workload = { records, callers: count }
    const results = await runWorkload(CONTENDERS, workload, timing(`${records} x ${count}`))
    const ours = results.find(({ isOurs }) => isOurs)
    lost += ours.lost
    print(renderWorkload(workload, results, judge(workload, results[0].figures, ours.figures)))
    if (count !== 1) continue

    const alone = await runWorkload(BASELINES, workload, timing(`${records}, bare UPDATE`))
    print(renderBaselines(records, alone, 1e3 / ours.figures.setsPerSecond.median))
  }
  return lost
}

async function main() {
  const options = readArguments(process.argv.slice(2))
  if (options.help) return process.stdout.write(USAGE)

  const server = await startPostgres({ onProgress: showProgress })
  try {
    process.env.TEST_DATABASE_URL = server.url()
    const environment = await describeEnvironment(server.url(), options)
    print(renderEnvironment(environment, options))
    let lost = 0
    for (const records of options.records) lost += await runSize(records, options)
    print(NOTES)
    if (lost > 0) throw new Error(`this package lost ${lost} acknowledged records`)
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
})
