'use strict'

const { confirm } = require('../confirm.js')

module.exports = (program, run) => {
  program
    .command('clear')
    .description('delete the session of an account; the phone has to be paired again')
    .argument('<account>', 'account id')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  $ npx baileys-postgres-auth clear 5511999990000
  $ npx baileys-postgres-auth clear 5511999990000 --yes --json`,
    )
    .action(
      run(async ({ store, output, signal }, account, { yes }) => {
        await confirm(`Delete the session of account ${JSON.stringify(account)}?`, { yes, signal })
        await store.clear(account)
        output.result({ accountId: account, cleared: true }, () => output.line('cleared'))
      }),
    )
}
