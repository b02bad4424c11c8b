'use strict'

const { confirm } = require('../confirm.js')

module.exports = (program, run) => {
  program
    .command('restore')
    .description("put a session from quarantine back in its account's place, byte for byte")
    .argument('<id>', 'its id, as quarantine lists it')
    .option('--replace', 'move a session that the account has by now into quarantine in turn')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Whoever has the account open has to open it again. A session that is put back in the place of a newer one has older keys than those
that WhatsApp and the contacts know by now.

Examples:
  $ npx baileys-postgres-auth restore 0b8f6a3e-8c1d-4a53-9f60-3d5f2c1e7a42
  $ npx baileys-postgres-auth restore 0b8f6a3e-8c1d-4a53-9f60-3d5f2c1e7a42 --replace --yes`,
    )
    .action(
      run(async ({ store, output, signal }, id, { replace = false, yes }) => {
        if (replace) await confirm("Put the account's present session aside?", { yes, signal })
        await store.restore(id, { replace })
        output.result({ quarantineId: id, restored: true }, () => output.line('restored'))
      }),
    )
}
