'use strict'

const { showQuarantine } = require('../quarantined.js')

module.exports = (program, run) => {
  program
    .command('quarantine')
    .description(
      "list the sessions that could not be read and were moved aside (onUnreadable: 'fresh')",
    )
    .addHelpText(
      'after',
      `
Examples:
  $ npx baileys-postgres-auth quarantine
  $ npx baileys-postgres-auth quarantine --json`,
    )
    .action(
      run(async ({ store, output }) => {
        const sessions = await store.quarantine()
        output.result(sessions, () => {
          if (sessions.length > 0) showQuarantine(output, sessions)
          else output.line('nothing is in quarantine')
        })
      }),
    )
}
