'use strict'

/**
 * What is in the database in layout `rows`: by SQL, and through the accounts that own it, since records open with no
 * other algorithm than the package's own.
 */

const { Database } = require('./database')

class RowsDatabase extends Database {
  goneAs = 'its session and every record are deleted'

  /** The package makes its tables itself, and needs no row for an account. */
  async create() {}

  /**
   * Every session: its account's id, what it holds as `{ creds, keys }`, the length of its sealed values, and the bytes
   * that PostgreSQL takes to store its rows.
   */
  async sessions(accounts) {
    const rows = await this.query(
      `SELECT account_id AS id, sum(octet_length(value))::int AS bytes,
              sum(pg_column_size(record))::int AS "bytesOnDisk"
       FROM baileys_auth.session JOIN baileys_auth.record AS record USING (session_id)
       GROUP BY account_id ORDER BY account_id`,
    )
    const open = async (row) => ({
      ...row,
      session: JSON.parse(await accounts.ask(row.id, 'contents')),
    })
    return Promise.all(rows.map(open))
  }

  /** Who opened the sessions, for the report. */
  describeOpening(count) {
    return `the records of all ${count} accounts are listed with their ids`
  }

  /** Whether nothing is stored of an account's session. */
  async isGone(id) {
    const [row] = await this.query(
      `SELECT NOT EXISTS (SELECT FROM baileys_auth.session WHERE account_id = $1)
              AND NOT EXISTS (SELECT FROM baileys_auth.record
                              WHERE session_id NOT IN (SELECT session_id FROM baileys_auth.session)) AS gone`,
      [id],
    )
    return row.gone
  }
}

module.exports = { RowsDatabase }
