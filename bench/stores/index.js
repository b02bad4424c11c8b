'use strict'

/**
 * Who takes part. A store's `module` has `createStore(options)`, which gives `{ open(accountId), close() }` and may give
 * `stats()`; `open` gives what Baileys wants, `{ state: { creds, keys }, saveCreds }`. Only a worker makes stores, so
 * that none is in another's process. `prepare(db, accountIds)` of the module makes what a database needs before that.
 */

const path = require('node:path')

const moduleOf = (name) => path.join(__dirname, name)

/** Connections of every store that has a pool: this package's default. */
const POOL_SIZE = 8

const OURS = {
  name: 'ours',
  label: 'this package',
  module: moduleOf('ours'),
  options: { layout: 'rows' },
  isOurs: true,
}

const CAREFUL = {
  name: 'careful',
  label: 'careful Node.js',
  module: moduleOf('careful'),
  options: { poolSize: POOL_SIZE },
}

/** `callersAtMost`: with more callers at once than that, its first answers would take longer than a whole round. */
const ORIGINAL = {
  name: 'original',
  label: 'original service',
  module: moduleOf('original'),
  options: { poolSize: POOL_SIZE },
  isRival: true,
  callersAtMost: 8,
}

const RIVALS = [
  {
    name: 'multi-file',
    label: 'useMultiFileAuthState',
    module: moduleOf('multi-file'),
    isRival: true,
  },
  ORIGINAL,
  {
    name: 'postgres-baileys',
    label: 'postgres-baileys',
    module: moduleOf('postgres-baileys'),
    options: { poolSize: POOL_SIZE },
    isRival: true,
  },
  {
    name: 'zaileys',
    label: 'zaileys PostgreSQL',
    module: moduleOf('zaileys'),
    options: { poolSize: POOL_SIZE },
    isRival: true,
  },
]

module.exports = { CAREFUL, ORIGINAL, OURS, RIVALS, moduleOf }
