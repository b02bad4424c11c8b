'use strict'

/** Arguments, help, and which command does what. */

const fs = require('node:fs')
const path = require('node:path')
const { Command, CommanderError, Option } = require('commander')
const { version } = require('../package.json')
const { USAGE } = require('./exit-status.js')
const { runner } = require('./run.js')

const COMMANDS = path.join(__dirname, 'commands')

const EPILOGUE = `
Settings come from the environment: DATABASE_URL, WHATSAPP_SESSION_SECRET, WHATSAPP_SESSION_SECRET_PREVIOUS and BAILEYS_AUTH_*,
as for the backend. What has no variable, such as accountsTable, comes from a module or JSON file given with --config.

Exit status: 0 done, 1 failed, 2 wrong usage or setting, 3 done with findings, 130 interrupted.`

/** The program; `status` gets the exit status of the command that ran. */
function createProgram(onStatus) {
  const program = new Command('baileys-postgres-auth')
    .description('Sessions of Baileys WhatsApp accounts in PostgreSQL')
    .version(version)
    .option('--json', 'print the result as JSON, and nothing else')
    .option(
      '--config <file>',
      'settings: a module or JSON file that exports the options of a store',
    )
    .option('--dotenv <file>', 'set the environment from a file first, such as .env')
    .addOption(new Option('--layout <name>', 'the layout').choices(['rows', 'column']))
    .option('--schema <name>', 'the schema of the tables of layout rows')
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EPILOGUE)
    .exitOverride()
  // In the order of the alphabet.
  for (const file of fs.readdirSync(COMMANDS)) {
    require(path.join(COMMANDS, file))(program, runner(program, onStatus))
  }
  return program
}

/** Runs a command line; gives the exit status. */
async function main(argv) {
  let status
  const program = createProgram((its) => {
    status = its
  })
  try {
    await program.parseAsync(argv)
    return status
  } catch (error) {
    // Commander has said it already; its own status is 0 for `--help` and `--version`.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    throw error
  }
}

module.exports = { main }
