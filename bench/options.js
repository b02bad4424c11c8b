'use strict'

/** The command line. */

const { parseArgs } = require('node:util')
const WORKLOADS = require('./rivals/workloads')
const { CAREFUL, OURS, RIVALS } = require('./stores')

const SUITES = ['rivals', 'original', 'storage']
const STORES = [OURS, CAREFUL, ...RIVALS].map(({ name }) => name).concat('limit')
const EVERYTHING = Object.keys(WORKLOADS).join(',')
const EVERYONE = STORES.join(',')

const USAGE = `Usage: npm run bench -- [options]

  --suite NAME     rivals: rows against every rival (default); original: column against the service it comes from;
                   storage: what PostgreSQL writes and keeps for a message, in both layouts
  --rounds N       rounds of every store and workload (5)
  --seconds S      length of a round's window (1.5)
  --quick          1 round of 0.3 s, unless given otherwise: whether it works, not how fast it is
  --help           this text

Suite rivals:
  --only LIST      workloads: ${EVERYTHING}
  --stores LIST    stores: ${EVERYONE}
  --chart FILE     where the chart goes; without it, bench/chart.svg after a whole run

Suite original:
  --records LIST   sizes of the account, in records (100,1000)
  --callers LIST   how many callers write at once (1,16)
`

const OPTIONS = {
  suite: { type: 'string', default: 'rivals' },
  only: { type: 'string', default: EVERYTHING },
  stores: { type: 'string', default: EVERYONE },
  chart: { type: 'string' },
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

function oneOf(name, text, known) {
  if (!known.includes(text)) throw new Error(`--${name}: there is no ${text}`)
  return text
}

function readArguments(args) {
  const { values } = parseArgs({ args, options: OPTIONS })
  const list = (name, read) => values[name].split(',').map((text) => read(name, text))
  const [records, callers] = [list('records', positive), list('callers', positive)]
  if (Math.min(...records) < Math.max(...callers)) {
    throw new Error('--records: every caller needs at least one record of its own')
  }
  return {
    help: values.help,
    suite: oneOf('suite', values.suite, SUITES),
    only: list('only', (name, text) => oneOf(name, text, Object.keys(WORKLOADS))),
    stores: list('stores', (name, text) => oneOf(name, text, STORES)),
    chart: values.chart,
    isWhole: !values.quick && values.only === EVERYTHING && values.stores === EVERYONE,
    records,
    callers,
    rounds: positive('rounds', values.rounds ?? (values.quick ? 1 : 5)),
    seconds: positive('seconds', values.seconds ?? (values.quick ? 0.3 : 1.5), Number.isFinite),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  }
}

module.exports = { USAGE, readArguments }
