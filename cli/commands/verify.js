'use strict'

const { FINDINGS } = require('../exit-status.js')
const { withPatience } = require('../patience.js')
const { size } = require('../quantities.js')
const { showQuarantine } = require('../quarantined.js')

module.exports = (program, run) => {
  program
    .command('verify')
    .description(
      'read and authenticate everything, and list what cannot be read, and the quarantine',
    )
    .argument('[account]', 'account id; all sessions without one')
    .addHelpText(
      'after',
      `
Nothing is changed, and no account is taken from its owner.
Exit status 3 if something cannot be read, or is in quarantine.

Examples:
  $ npx baileys-postgres-auth verify
  $ npx baileys-postgres-auth verify 5511999990000 --json`,
    )
    .action(
      run(async (context, accountId) => {
        withPatience(context)
        const { store, output, signal } = context
        const onProgress = ({ sessions, total }) => output.progress(sessions, total, 'sessions')
        const report = await store.verify({ accountId, signal, onProgress })
        output.result(report, () => show(output, report))
        const { unreadable, quarantine } = report
        return unreadable.length + quarantine.length > 0 ? FINDINGS : undefined
      }),
    )
}

function show(output, { sessions, records, bytes, kinds, unreadable, quarantine }) {
  output.line(`${sessions} sessions read: ${records} records, ${size(bytes)}`)
  if (records > 0) output.table(['type', 'records'], Object.entries(kinds))
  if (unreadable.length === 0) output.line('all of it can be read')
  else {
    output.table(
      ['unreadable', 'layout', 'record', 'why'],
      unreadable.map(({ accountId, layout, record, code, message }) => [
        accountId,
        layout,
        record && `${record.type} ${record.hash}`,
        `${message} (${code})`,
      ]),
    )
  }
  if (quarantine.length > 0) showQuarantine(output, quarantine)
}
