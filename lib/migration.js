'use strict'

const { KINDS, oneOf, readOptions } = require('./call-options.js')
const { fromFailure } = require('./errors.js')
const { migrationScript } = require('./native.js')
const { defaultSchema, nativeAccountsTable } = require('./options.js')
const { leftSession, stepwise } = require('./stepwise.js')

/** More than anybody needs, and as many as one statement makes in a second. */
const MOST_PARTITIONS = 1024

const PARTITIONS = [
  (value) => Number.isInteger(value) && value >= 2 && value <= MOST_PARTITIONS,
  `it must be a whole number from 2 to ${MOST_PARTITIONS}`,
]

const OPTIONS = {
  to: oneOf('rows', 'column'),
  dryRun: KINDS.flag,
  partitions: PARTITIONS,
  signal: KINDS.signal,
  onProgress: KINDS.func,
}

/** Moves all sessions to a layout. `begin` gives the native part of it, `step` calls for its next step. */
async function migrate(options, begin, step) {
  const {
    to = 'rows',
    dryRun = false,
    partitions,
    signal,
    onProgress,
  } = readOptions(options, OPTIONS, 'migrate')
  const report = ({ makesTables, ...progress }) => ({ to, dryRun, makesTables, ...progress })
  const tell = onProgress && (({ unmoved, ...progress }) => onProgress(report(progress)))
  const { unmoved, ...progress } = await stepwise(
    { signal, onProgress: tell },
    () => begin({ to, dryRun, partitions }),
    step,
  )
  return { ...report(progress), unmoved: unmoved.map(leftSession) }
}

/** The SQL that makes the tables of layout rows, and lets a role use them; takes the options of a store, and no connection. */
function migrationSql(settings, { role, ...options }) {
  const { partitions, from } = readOptions(
    options,
    { partitions: PARTITIONS, from: KINDS.count },
    'migrate',
  )
  const sql = migrationScript({
    schema: settings.schema ?? defaultSchema,
    accountsTable: nativeAccountsTable(settings.accountsTable ?? {}),
    databaseUrl: settings.databaseUrl,
    role,
    partitions,
    from,
  })
  if (typeof sql === 'string') return sql
  throw fromFailure(sql, 'migrate')
}

module.exports = { migrate, migrationSql }
