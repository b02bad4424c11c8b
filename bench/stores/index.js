'use strict'

/**
 * Who takes part. `module` has `open({ databaseUrl, accountId, secret })`, which gives `{ set(data), close() }` and may
 * give `commits()`; only the worker loads it, so that no store is in another's process. `prepare(db)` changes the table
 * before the account is filled. `isBaseline` says that no records are kept that could be checked.
 */

/** Compared with each other; the first is what the others are measured against. */
const CONTENDERS = [
  { label: 'original service', module: './stores/original' },
  { label: 'this package', module: './stores/ours', isOurs: true },
]

/** What PostgreSQL needs for a text as large, whoever sends it. */
const BASELINES = [
  {
    label: 'column as it is (EXTENDED)',
    module: './stores/bare-update',
    isBaseline: true,
  },
  {
    label: 'column storage EXTERNAL',
    module: './stores/bare-update',
    isBaseline: true,
    prepare: (db) =>
      db.query('ALTER TABLE whatsapp_accounts ALTER COLUMN session_data SET STORAGE EXTERNAL'),
  },
]

module.exports = { CONTENDERS, BASELINES }
