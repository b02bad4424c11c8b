'use strict'

/** `postgres-baileys` 1.5.0: a row a record, one `session:key` text for its key, a query for each id and each record. */

const { Pool } = require('pg')
const { usePostgreSQLAuthState } = require('postgres-baileys')

/** It does not wait for its own `CREATE TABLE`, so the first call on an empty database fails. */
const TABLE = 'CREATE TABLE auth_data (session_key varchar(255) PRIMARY KEY, data text NOT NULL)'

function createStore({ databaseUrl, poolSize }) {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize })
  return {
    open: (accountId) => usePostgreSQLAuthState(pool, accountId),
    close: () => pool.end(),
  }
}

module.exports = { prepare: (db) => db.query(TABLE), createStore }
