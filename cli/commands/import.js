'use strict'

const { argumentError } = require('../../lib/errors.js')
const { confirm } = require('../confirm.js')
const { DONE, FAILED, FINDINGS } = require('../exit-status.js')
const { accountFolders } = require('../account-folders.js')
const { ImportRun } = require('../import-run.js')
const { withPatience } = require('../patience.js')

module.exports = (program, run) => {
  program
    .command('import')
    .description('make folders of files, as useMultiFileAuthState keeps them, sessions')
    .argument('[folder]', 'folder of one session')
    .option('--account <id>', 'the account that it becomes the session of')
    .option('--all <root>', 'folder of folders, one a session, instead of a single one')
    .option(
      '--account-pattern <regexp>',
      'with --all: what the whole name of a folder looks like; the first group is the account id (default: the name is)',
    )
    .option('--replace', 'replace sessions that accounts have already')
    .option('--skip-broken', 'leave broken files out; but never creds.json')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Stop whatever uses the folders first. A session is imported whole or not at all, then read back and compared; its folder stays as it
is, and must not be used again afterwards. With --all, a session that is there already is passed over: after an interruption, or with
what could not be imported set right, run the same command again.
Exit status 1 if a session could not be imported, 3 if broken files were left out or JSON files are not known.

Examples:
  $ npx baileys-postgres-auth import ./auth_info_baileys --account 5511999990000
  $ npx baileys-postgres-auth import --all ./sessions
  $ npx baileys-postgres-auth import --all ./sessions --account-pattern 'session-(.+)' --json`,
    )
    .action(
      run(async (context, folder, options) => {
        const { output } = context
        withPatience(context)
        const folders = chosen(folder, options)
        if (options.replace) await confirmReplacement(folders, options, context)
        const report = await new ImportRun(context, options).over(folders)
        output.result(report, () => show(output, report))
        if (report.failed.length > 0) return FAILED
        return report.imported.some(hasFindings) ? FINDINGS : DONE
      }),
    )
}

/** The folders that the command line means: `{ folders, unmatched, isMany }`. */
function chosen(folder, { account, all, accountPattern }) {
  if (all === undefined) {
    if (folder === undefined || account === undefined || accountPattern !== undefined) {
      throw argumentError(
        'import takes a folder and --account, or --all and a root (--help says more)',
      )
    }
    return { folders: [{ folder, accountId: account }], unmatched: [], isMany: false }
  }
  if (folder !== undefined || account !== undefined) {
    throw argumentError(
      'import takes --all with a root alone, whose folders name the accounts (--help says more)',
    )
  }
  return { ...accountFolders(all, accountPattern), isMany: true }
}

async function confirmReplacement({ folders, isMany }, { yes }, { signal }) {
  const whose = isMany
    ? `of ${folders.length} accounts, where there are any`
    : `of account ${JSON.stringify(folders[0].accountId)}, if there is one`
  await confirm(
    `Replace the session ${whose}, by one that WhatsApp and the contacts may have gone on from?`,
    { yes, signal },
  )
}

const hasFindings = ({ broken, unknown }) =>
  broken.length > 0 || unknown.some((file) => file.endsWith('.json'))

function show(output, { imported, present, failed, unmatched }) {
  if (imported.length > 0) {
    output.table(
      ['account', 'session', 'records', 'bytes', 'healed', 'left out'],
      imported.map(({ accountId, outcome, types, bytes, healed, broken }) => [
        accountId,
        outcome,
        Object.values(types).reduce((sum, count) => sum + count, 0),
        bytes,
        healed.length,
        broken.length,
      ]),
    )
  }
  output.line(
    `${imported.length} imported, ${present.length} there already, ${failed.length} failed`,
  )
  const files = imported.flatMap(({ accountId, broken, unknown }) => [
    ...broken.map(({ file, reason }) => [accountId, file, `left out: ${reason}`]),
    ...unknown.map((file) => [accountId, file, 'no record that is known']),
  ])
  const refused = failed.flatMap(({ accountId, files = [] }) =>
    files.map(({ file, reason }) => [accountId, file, reason]),
  )
  if (files.length + refused.length > 0) {
    output.table(['account', 'file', 'what is with it'], [...files, ...refused])
  }
  if (failed.length > 0) {
    output.table(
      ['failed', 'why'],
      failed.map(({ accountId, code, message }) => [accountId, `${message} (${code})`]),
    )
  }
  if (unmatched.length > 0) {
    output.table(
      ['passed over', 'why'],
      unmatched.map((name) => [name, 'its name is not of the pattern']),
    )
  }
}
