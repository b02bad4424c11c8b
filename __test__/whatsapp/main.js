'use strict'

/**
 * Runs the scenarios with an unmodified Baileys over this package and over the files Baileys comes with, and prints what
 * became of the messages, as a table: `npm run whatsapp`. On a PostgreSQL of its own.
 */

const { parseArgs } = require('node:util')
const { print, showProgress } = require('../../bench/terminal')
const { startPostgres } = require('../support/postgres')
const { accountsOf, ...many } = require('./scenarios/many')
const { STORES, inWorld } = require('./world')

const USAGE = `Usage: npm run whatsapp -- [options]

  --rounds N       kills, deploys, outages and logouts; 50 if left out
  --accounts N     of the scenario with many; 20 if left out
  --help           this text
`

const OPTIONS = {
  rounds: { type: 'string', default: '50' },
  accounts: { type: 'string', default: '20' },
  help: { type: 'boolean', default: false },
}

const HEADINGS = {
  rows: 'layout `rows`',
  column: 'layout `column`',
  files: '`useMultiFileAuthState`',
}

/** Each scenario, with how it is run here. */
function scenariosOf({ rounds, accounts }) {
  const load = (name, how, scale) => ({ ...require(`./scenarios/${name}`), how, scale })
  return [
    load('killed-receiver', `${rounds} times`, { kills: rounds, burst: 40 }),
    load('killed-sender', `${rounds} times`, { kills: rounds, burst: 40 }),
    load('deploy', `${rounds} times`, { deploys: rounds, burst: 40 }),
    load('database-away', `${rounds} times`, { outages: rounds, burst: 40 }),
    load('logged-out', `${rounds} times`, { logouts: rounds, burst: 40 }),
    {
      ...many,
      accounts: accountsOf(accounts),
      how: `${accounts} accounts`,
      scale: { accounts: accountsOf(accounts), messages: 10 },
    },
    load('versions', 'once', {}),
  ]
}

const count = (figure) => (Array.isArray(figure) ? figure.length : figure)

/** Each figure that is not nothing, in words. */
const WORDS = {
  inHand: 'in hand',
  twice: 'twice',
  refused: 'not decrypted',
  retried: 'asked for again',
  codes: 'codes to scan',
  reconnects: 'reconnects',
  left: 'with something left',
  'logins with what was left': 'logins with what was left',
  unhandled: 'unhandled rejections',
}

function cell({ sent, lost, ...figures }) {
  const parts = Object.entries(WORDS)
    .filter(([name]) => count(figures[name] ?? 0) > 0)
    .map(([name, words]) => `${count(figures[name])} ${words}`)
  if (sent) parts.unshift(`${count(lost) || 'none'} of ${sent.toLocaleString('en')} lost`)
  return parts.join(', ') || 'nothing left'
}

/** Runs a scenario over a store; a scenario that breaks is a result too. */
async function attempt({ title, how, accounts, scale, run }, store, server) {
  if (store === 'files' && scale.outages) return 'no database'
  showProgress(`${title}, ${how}: ${store}`)
  const options = { store, accounts, serverUrl: server.url() }
  try {
    return cell(await inWorld(options, (world) => run(world, { ...scale, server })))
  } catch (error) {
    showProgress(`${title}, ${store}: ${error.stack}\n`)
    return `broke: ${error.message.split('\n')[0]}`
  }
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return process.stdout.write(USAGE)
  const scenarios = scenariosOf({
    rounds: Number(values.rounds),
    accounts: Number(values.accounts),
  })
  const server = await startPostgres({ onProgress: showProgress })
  try {
    const lines = [
      `| | ${STORES.map((store) => HEADINGS[store]).join(' | ')} |`,
      '|---|---|---|---|',
    ]
    for (const scenario of scenarios) {
      const cells = []
      for (const store of STORES) cells.push(await attempt(scenario, store, server))
      lines.push(`| ${scenario.title}, ${scenario.how} | ${cells.join(' | ')} |`)
    }
    print(lines)
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  process.stderr.write(`\n${error.stack}\n`)
  process.exitCode = 1
})
