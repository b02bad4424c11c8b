'use strict'

const { Option } = require('commander')
const { argumentError } = require('../../lib/errors.js')
const { migrationSql } = require('../../lib/migration.js')
const { FAILED } = require('../exit-status.js')
const { showLeftovers } = require('../leftovers.js')
const { withPatience } = require('../patience.js')

const number = (text) => Number(text)

module.exports = (program, run) => {
  program
    .command('migrate')
    .description('move all sessions to layout rows, or back to layout column')
    .addOption(
      new Option('--to <layout>', 'the layout').choices(['rows', 'column']).default('rows'),
    )
    .option('--dry-run', 'change nothing, and say what would be moved and what could not')
    .option(
      '--partitions <n>',
      'spread records over n tables, where they are yet to be made',
      number,
    )
    .option('--sql', 'print the SQL that makes the tables of layout rows, and do nothing')
    .option('--role <name>', 'with --sql: the role of the backend, which is to use them')
    .option('--from <format>', 'with --sql: the format of tables that are there', number)
    .addHelpText(
      'after',
      `
Sessions may be open meanwhile: their owners are refused from the moment in which theirs is moved, with all that was acknowledged to them,
and have to open it again. A session that cannot be read, or put there, stays where it is and is named.
Ctrl-C stops after a session; started again it goes on. --sql needs no connection.
Exit status 1 if sessions are left.

Examples:
  $ npx baileys-postgres-auth migrate --dry-run
  $ npx baileys-postgres-auth migrate --partitions 16
  $ npx baileys-postgres-auth migrate --to column --json
  $ npx baileys-postgres-auth migrate --sql --role app > tables.sql`,
    )
    .action(
      run(async (context, options) => {
        if (options.sql) return printSql(context, options)
        return migrate(context, options)
      }),
    )
}

async function migrate(context, { to, dryRun, partitions, role, from }) {
  if (role !== undefined || from !== undefined) {
    throw argumentError('migrate takes --role and --from with --sql alone (--help says more)')
  }
  withPatience(context)
  const { store, output, signal } = context
  const onProgress = ({ moved, left, total }) => output.progress(moved + left, total, 'sessions')
  const report = await store.migrate({ to, dryRun, partitions, signal, onProgress })
  output.result(report, () => show(output, report))
  return report.left > 0 ? FAILED : undefined
}

function show(output, { to, dryRun, makesTables, moved, unmoved }) {
  if (makesTables) {
    output.line(
      dryRun ? 'the tables of layout rows would be made' : 'the tables of layout rows were made',
    )
  }
  output.line(
    dryRun
      ? `${moved} sessions would be moved to ${to}; nothing was changed`
      : `${moved} sessions moved to ${to}`,
  )
  showLeftovers(output, unmoved)
}

function printSql({ settings, output }, { to, dryRun, role, ...options }) {
  if (to !== 'rows' || dryRun) {
    throw argumentError('migrate prints the SQL of layout rows alone, without --to or --dry-run')
  }
  const databaseUrl = settings.databaseUrl ?? process.env.DATABASE_URL
  const sql = migrationSql(
    { ...settings, databaseUrl: databaseUrl || undefined },
    { role: roleOf(role, databaseUrl), partitions: options.partitions, from: options.from },
  )
  output.result({ sql }, () => output.text(sql))
}

/** The role that the backend logs in as. */
function roleOf(role, databaseUrl) {
  const name = role ?? userOf(databaseUrl)
  if (name) return name
  throw argumentError(
    'migrate --sql needs the role that is to use the tables: --role, or a user in DATABASE_URL',
  )
}

function userOf(databaseUrl) {
  try {
    return decodeURIComponent(new URL(databaseUrl).username)
  } catch {
    return undefined
  }
}
