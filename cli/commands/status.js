'use strict'

const { FAILED } = require('../exit-status.js')
const { withPatience } = require('../patience.js')
const { size, time } = require('../quantities.js')

module.exports = (program, run) => {
  program
    .command('status')
    .description('list the sessions: where each is, what it holds, who opened it, under which key')
    .argument('[account]', 'account id; all sessions without one')
    .addHelpText(
      'after',
      `
No account is opened or taken from its owner. Layout column knows the size of a session alone; verify counts its records.
The last write is known with track_commit_timestamp = on (layout rows), or by the updatedAt column (layout column).
Exit status 1 if the account has no session.

Examples:
  $ npx baileys-postgres-auth status
  $ npx baileys-postgres-auth status 5511999990000 --json`,
    )
    .action(
      run(async (context, accountId) => {
        withPatience(context)
        const { store, output, signal } = context
        const sessions = []
        for await (const session of store.sessions({ accountId })) {
          signal.throwIfAborted()
          sessions.push(session)
        }
        if (accountId !== undefined && sessions.length === 0) {
          output.problem(`account ${JSON.stringify(accountId)} has no session`)
          return FAILED
        }
        const report = { layout: store.stats().layout, ...totals(sessions), sessions }
        output.result(report, () => show(output, report))
      }),
    )
}

function totals(sessions) {
  const kinds = {}
  for (const session of sessions) {
    for (const [kind, records] of Object.entries(session.kinds ?? {})) {
      kinds[kind] = (kinds[kind] ?? 0) + records
    }
  }
  const bytes = sessions.reduce((sum, session) => sum + session.bytes, 0)
  return { bytes, kinds }
}

function show(output, { layout, bytes, kinds, sessions }) {
  output.line(`layout ${layout}: ${sessions.length} sessions, ${size(bytes)}`)
  if (sessions.length > 0) {
    output.table(
      ['account', 'layout', 'records', 'size', 'last write', 'opened', 'by', 'key', 'secret'],
      sessions.map((session) => [
        session.accountId,
        session.layout,
        session.records,
        size(session.bytes),
        time(session.lastWriteAt),
        time(session.openedAt),
        session.owner,
        session.keyId,
        session.secret,
      ]),
    )
  }
  if (Object.keys(kinds).length > 0) output.table(['type', 'records'], Object.entries(kinds))
}
