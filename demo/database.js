'use strict'

/**
 * What is in the database, read without the package: by SQL, and with the original service's
 * algorithm.
 */

const { createDecipheriv, scryptSync } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')

const MIGRATION = path.join(
  __dirname,
  '../examples/backend/prisma/migrations/0001_init/migration.sql',
)
const SALT = 'whatsapp-session-salt'

class Database {
  #url
  #key

  constructor(url, secret) {
    this.#url = url
    this.#key = scryptSync(secret, SALT, 32)
  }

  async create(accountIds) {
    await this.#query(fs.readFileSync(MIGRATION, 'utf8'))
    await this.#query(
      `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at)
       SELECT id, 'demo', 'Demo', now() AT TIME ZONE 'UTC' FROM unnest($1::text[]) AS id`,
      [accountIds],
    )
  }

  /**
   * Every row: its id, the stored text, its length, and the bytes that PostgreSQL takes to store
   * it.
   */
  rows() {
    return this.#query(
      `SELECT id, session_data AS "sessionData", octet_length(session_data) AS bytes,
              pg_column_size(session_data) AS "bytesOnDisk"
       FROM whatsapp_accounts ORDER BY id`,
    )
  }

  /** The whole table as text. */
  async dump() {
    const rows = await this.#query('SELECT whatsapp_accounts::text AS row FROM whatsapp_accounts')
    return rows.map(({ row }) => row).join('\n')
  }

  /** Opens a row's stored text: `{ creds, keys }`. */
  open(sessionData) {
    const { iv, authTag, encrypted } = JSON.parse(sessionData)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(iv, 'hex'))
    decipher.setAuthTag(Buffer.from(authTag, 'hex'))
    return JSON.parse(decipher.update(encrypted, 'hex', 'utf8') + decipher.final('utf8'))
  }

  async #query(sql, params) {
    const client = new Client({ connectionString: this.#url })
    await client.connect()
    try {
      return (await client.query(sql, params)).rows
    } finally {
      await client.end()
    }
  }
}

module.exports = { Database }
