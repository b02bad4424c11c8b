'use strict'

/**
 * Who takes part in this suite; the first is what the others are measured against. `prepare(db)` changes the table before
 * the account is filled. `isBaseline` says that no records are kept that could be checked.
 */

const { ORIGINAL, OURS, moduleOf } = require('../stores')

const CONTENDERS = [ORIGINAL, { ...OURS, options: { layout: 'column' } }]

/** What PostgreSQL needs for a text as large, whoever sends it. */
const BASELINES = [
  {
    label: 'column as it is (EXTENDED)',
    module: moduleOf('bare-update'),
    isBaseline: true,
  },
  {
    label: 'column storage EXTERNAL',
    module: moduleOf('bare-update'),
    isBaseline: true,
    prepare: (db) =>
      db.query('ALTER TABLE whatsapp_accounts ALTER COLUMN session_data SET STORAGE EXTERNAL'),
  },
]

module.exports = { CONTENDERS, BASELINES }
