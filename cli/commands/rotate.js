'use strict'

const { FAILED } = require('../exit-status.js')
const { showLeftovers } = require('../leftovers.js')

module.exports = (program, run) => {
  program
    .command('rotate')
    .description(
      'take all sessions over to the current secret, so that the previous ones are needed no more',
    )
    .option('--rekey', 'give the sessions new data keys, too (layout rows)')
    .addHelpText(
      'after',
      `
Sessions may be open meanwhile. Ctrl-C stops between sessions; started again it goes on.
Exit status 1 if sessions are left.

Examples:
  $ WHATSAPP_SESSION_SECRET=new WHATSAPP_SESSION_SECRET_PREVIOUS=old npx baileys-postgres-auth rotate
  $ npx baileys-postgres-auth rotate --rekey --json`,
    )
    .action(
      run(async ({ store, output, signal }, { rekey }) => {
        const onProgress = ({ rotated, left, keys }) => {
          const all = keys.reduce((sum, { sessions }) => sum + sessions, 0)
          output.progress(rotated + left, Math.max(all, rotated + left), 'sessions')
        }
        const report = await store.rotate({ rekey, signal, onProgress })
        output.result(report, () => show(output, report))
        return report.left > 0 ? FAILED : undefined
      }),
    )
}

function show(output, { rotated, keys, unrotated }) {
  output.line(`${rotated} sessions changed`)
  output.table(
    ['key', 'secret', 'sessions'],
    keys.map(({ keyId, secret, sessions }) => [keyId, secret, sessions]),
  )
  showLeftovers(output, unrotated)
}
