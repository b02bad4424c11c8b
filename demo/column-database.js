'use strict'

/**
 * What is in the database in layout `column`, read without the package: by SQL, and with the original
 * service's algorithm.
 */

const { createDecipheriv, scryptSync } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Database } = require('./database')

const MIGRATION = path.join(
  __dirname,
  '../examples/backend/prisma/migrations/0001_init/migration.sql',
)
const SALT = 'whatsapp-session-salt'

class ColumnDatabase extends Database {
  goneAs = 'its session is NULL'
  #key

  constructor(url, secret) {
    super(url)
    this.#key = scryptSync(secret, SALT, 32)
  }

  async create(accountIds) {
    await this.query(fs.readFileSync(MIGRATION, 'utf8'))
    await this.query(
      `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at)
       SELECT id, 'demo', 'Demo', now() AT TIME ZONE 'UTC' FROM unnest($1::text[]) AS id`,
      [accountIds],
    )
  }

  /**
   * Every session: its account's id, what it holds as `{ creds, keys }`, its length, and the bytes that PostgreSQL takes
   * to store it.
   */
  async sessions() {
    const rows = await this.query(
      `SELECT id, session_data AS "sessionData", octet_length(session_data) AS bytes,
              pg_column_size(session_data) AS "bytesOnDisk"
       FROM whatsapp_accounts ORDER BY id`,
    )
    return rows.map(({ sessionData, ...row }) => ({ ...row, session: this.#open(sessionData) }))
  }

  /** Who opened the sessions, for the report. */
  describeOpening(count) {
    return `the original service's algorithm opens all ${count} rows`
  }

  /** Whether nothing is stored of an account's session. */
  async isGone(id) {
    const [row] = await this.query(
      'SELECT session_data IS NULL AS gone FROM whatsapp_accounts WHERE id = $1',
      [id],
    )
    return row.gone
  }

  #open(sessionData) {
    const { iv, authTag, encrypted } = JSON.parse(sessionData)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(iv, 'hex'))
    decipher.setAuthTag(Buffer.from(authTag, 'hex'))
    return JSON.parse(decipher.update(encrypted, 'hex', 'utf8') + decipher.final('utf8'))
  }
}

module.exports = { ColumnDatabase }
