'use strict'

const { withPatience } = require('../patience.js')

const WARNING =
  "These files are the account's keys, unencrypted: whoever has them has the account. Delete them when they have served."

const LIVE = `Whoever has the account open goes on with it, and these files are out of date with its next message. Before anything runs on
them, stop it, and export with --take-over.`

module.exports = (program, run) => {
  program
    .command('export')
    .description('write a session into a folder of files, as useMultiFileAuthState keeps them')
    .argument('<account>', 'account id')
    .argument('<folder>', 'a folder that is not there yet, or empty')
    .option(
      '--take-over',
      'take the account over first: whoever has it open cannot write it any more',
    )
    .addHelpText(
      'after',
      `
The files are not encrypted. The session stays in the database: of the two only one may be used, or messages cannot be read any more
("Bad MAC"). After an export to move out, stop the backend, export with --take-over, and clear the account here once the
files are in use.

Examples:
  $ npx baileys-postgres-auth export 5511999990000 ./auth_info_baileys --take-over
  $ npx baileys-postgres-auth export 5511999990000 ./copy --json`,
    )
    .action(
      run(async (context, account, folder, { takeOver }) => {
        withPatience(context)
        const { store, output } = context
        const report = await store.exportMultiFile(account, folder, { takeOver })
        output.result(report, () => output.line(`${report.files} files in ${report.folder}`))
        output.note(WARNING)
        if (!takeOver) output.note(LIVE)
      }),
    )
}
