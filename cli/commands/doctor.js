'use strict'

const { checkBaileys } = require('../../lib/baileys.js')
const { diagnosisWithoutStore } = require('../../lib/diagnosis.js')
const { SessionStoreError } = require('../../lib/errors.js')
const { DONE, FAILED, FINDINGS } = require('../exit-status.js')

const STATUS = { ok: DONE, warning: FINDINGS, failed: FAILED }

module.exports = (program, run) => {
  program
    .command('doctor')
    .description('look at all that a store needs, change nothing, and say what to do')
    .addHelpText(
      'after',
      `
Looks at the settings, the way to the server, the server, the tables, grants and the secret, and for Baileys: where an application
is to find it, so run it in the application's folder, with the application's environment. Nothing is made or changed.
Exit status 0 if all is well, 3 with warnings, 1 if something has failed.

Examples:
  $ npx baileys-postgres-auth doctor
  $ npx baileys-postgres-auth doctor --dotenv .env --json`,
    )
    .action(
      run(async (context) => {
        const { output } = context
        const diagnosis = await diagnose(context)
        output.result(diagnosis, () => show(output, diagnosis.checks))
        return STATUS[diagnosis.status]
      }),
    )
}

/** Settings that no store can be made of are a finding like any other. */
async function diagnose(context) {
  let store
  try {
    store = context.store
  } catch (error) {
    if (!SessionStoreError.isOurs(error)) throw error
    return diagnosisWithoutStore(error, await checkBaileys(context.settings.baileys))
  }
  return store.diagnose()
}

function show(output, checks) {
  output.table(
    ['check', 'status', 'found'],
    checks.map(({ name, status, found }) => [name, status, found]),
  )
  const toDo = checks.filter(({ status }) => status === 'failed' || status === 'warning')
  if (toDo.length === 0) return
  output.line('')
  for (const { name, next } of toDo) output.line(`${name}: ${next}`)
}
