'use strict'

/** What is in the database, read by SQL, and beside the stores that have the accounts open. */

const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')
const { dump } = require('../__test__/support/readable')
const { readSession } = require('../__test__/support/stored-session')

const MIGRATION = path.join(
  __dirname,
  '../examples/backend/prisma/migrations/0001_init/migration.sql',
)

/** The accounts that have a session, with its size: what was stored, and what PostgreSQL takes to store it. */
const SIZES = {
  column: `
    SELECT id, octet_length(session_data) AS bytes, pg_column_size(session_data) AS "bytesOnDisk"
    FROM whatsapp_accounts WHERE session_data IS NOT NULL ORDER BY id`,
  rows: `
    SELECT account_id AS id, sum(octet_length(value))::int AS bytes,
           sum(pg_column_size(record))::int AS "bytesOnDisk"
    FROM baileys_auth.session JOIN baileys_auth.record USING (session_id)
    GROUP BY account_id ORDER BY account_id`,
}

/** Where there is something of an account: a row or two, or none. */
const TRACES = {
  column: 'SELECT id FROM whatsapp_accounts WHERE id = $1 AND session_data IS NOT NULL',
  rows: `
    SELECT account_id FROM baileys_auth.session WHERE account_id = $1
    UNION ALL SELECT kind FROM baileys_auth.record
    WHERE session_id NOT IN (SELECT session_id FROM baileys_auth.session)`,
}

class Database {
  url
  #secret
  #layout

  /** `layout` is the one that was asked for; left out, what the package chooses. */
  constructor(url, secret, layout) {
    this.url = url
    this.#secret = secret
    this.#layout = layout
  }

  /** Makes what a backend has before its first account is opened: with layout column its accounts table, else nothing. */
  async create(accountIds) {
    if (this.#layout !== 'column') return
    await this.query(fs.readFileSync(MIGRATION, 'utf8'))
    await this.query(
      `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at)
       SELECT id, 'demo', 'Demo', now() AT TIME ZONE 'UTC' FROM unnest($1::text[]) AS id`,
      [accountIds],
    )
  }

  /** Sees which layout the database has by now; the methods below go by that. */
  async findLayout() {
    const { rows } = await this.query(`SELECT to_regclass('baileys_auth.record') AS record`)
    this.layout = rows[0].record === null ? 'column' : 'rows'
    return this.layout
  }

  async sizes() {
    return (await this.query(SIZES[this.layout])).rows
  }

  /** Whether anything is stored of an account's session. */
  async holds(accountId) {
    return (await this.query(TRACES[this.layout], [accountId])).rows.length > 0
  }

  /** Opens an account's session, as `{ creds, keys }`, and takes it from nobody. */
  readSession(accountId) {
    return readSession(this, accountId, this.#secret)
  }

  /** All tables, as bytes. */
  dump() {
    return dump(async (sql) => (await this.query(sql)).rows)
  }

  async sessionData(accountId) {
    const sql = 'SELECT session_data FROM whatsapp_accounts WHERE id = $1'
    return (await this.query(sql, [accountId])).rows[0].session_data
  }

  async query(sql, params) {
    const client = new Client({ connectionString: this.url })
    await client.connect()
    try {
      return await client.query(sql, params)
    } finally {
      await client.end()
    }
  }
}

module.exports = { Database }
