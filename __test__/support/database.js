'use strict'

const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Client, Pool } = require('pg')
const { createSessionStore } = require('../..')
const { throughPooler } = require('./pgbouncer')

const MIGRATION = path.join(
  __dirname,
  '../../examples/backend/prisma/migrations/0001_init/migration.sql',
)

async function asAdmin(serverUrl, work) {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Makes the tables of the layout `rows`: from then on it is what a store finds there. */
async function makeRows(databaseUrl, partitions) {
  const store = createSessionStore({ databaseUrl, secret: 'of no importance', layout: 'rows' })
  try {
    await store.migrate({ partitions })
  } finally {
    await store.close()
  }
}

/** What is stored of an account in rows. */
const SESSION_IN_ROWS = `
  SELECT session::text, ARRAY(
    SELECT record::text FROM baileys_auth.record
    WHERE record.session_id = session.session_id ORDER BY record_hash) AS records
  FROM baileys_auth.session WHERE account_id = $1`

/**
 * Makes a database of its own on the server that `TEST_DATABASE_URL` names, or on another one, with
 * the accounts table as Prisma makes it and a row for each of `accounts`. A store with no other
 * instructions takes it for one of this `layout`; its records may be over `partitions`. Its `url` may lead through a pooler; `query` does
 * not.
 */
async function createDatabase({
  accounts = [],
  layout = 'column',
  partitions,
  serverUrl = process.env.TEST_DATABASE_URL,
} = {}) {
  if (!serverUrl) {
    throw new Error(
      'TEST_DATABASE_URL is not set: run under Jest or with __test__/support/with-postgres.js',
    )
  }
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`))

  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const pool = new Pool({ connectionString: url.href, max: 2, allowExitOnIdle: true })
  // A server that is killed in a test ends idle connections: the next query makes a new one.
  pool.on('error', () => {})

  const db = {
    name,
    url: await throughPooler(url.href),
    serverUrl: url.href,
    layout,
    /** As `query` of `pg`: resolves to a result with `rows` and `rowCount`. */
    query: (sql, params) => pool.query(sql, params),
    /** Adds an account, last updated long ago, so that every write is seen to move that time. */
    addAccount: (id) =>
      pool.query(
        `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at)
         VALUES ($1, 'a-user', 'An account', '2001-01-01')`,
        [id],
      ),
    /**
     * The `session_data` of an account: a string, `null`, or `undefined` if there is no such
     * account.
     */
    async sessionData(id) {
      const { rows } = await pool.query(
        'SELECT session_data FROM whatsapp_accounts WHERE id = $1',
        [id],
      )
      return rows[0]?.session_data
    },
    /**
     * Everything that is stored of an account's session, as a text that changes with each change of
     * it; `null` if there is nothing.
     */
    async stored(id) {
      const text = (await db.sessionData(id)) ?? null
      if (layout === 'column') return text
      const { rows } = await pool.query(SESSION_IN_ROWS, [id])
      return text === null && rows.length === 0 ? null : JSON.stringify([text, ...rows])
    },
    async drop() {
      await pool.end()
      await asAdmin(serverUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
    },
  }
  await db.query(fs.readFileSync(MIGRATION, 'utf8'))
  for (const id of accounts) await db.addAccount(id)
  if (layout === 'rows') await makeRows(db.url, partitions)
  return db
}

module.exports = { createDatabase }
