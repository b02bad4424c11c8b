'use strict'

/**
 * `zaileys` 4.8.5, its `PostgresAuthStore` as its client wraps it by default, with Baileys' cache in front.
 *
 * Its tables have no column for the account, so every account gets a schema. A pool for each would need hundreds of
 * connections; instead all share one, and the schema is written in front of the table names, which costs nothing.
 */

const { Pool } = require('pg')

const TABLES = /\bzaileys_auth_(?:creds|signal)\b/g

const schemaOf = (accountId) => `"account-${accountId}"`

async function prepare(db, accountIds) {
  for (const accountId of accountIds) await db.query(`CREATE SCHEMA ${schemaOf(accountId)}`)
}

/** What `PostgresAuthStore` takes for a pool: the shared one, with all tables in one schema. */
function poolFor(pool, schema) {
  const texts = new Map()
  const qualify = (text) => {
    if (!texts.has(text)) texts.set(text, text.replace(TABLES, `${schema}.$&`))
    return texts.get(text)
  }
  return {
    query: (text, values) => pool.query(qualify(text), values),
    async connect() {
      const client = await pool.connect()
      return {
        query: (text, values) => client.query(qualify(text), values),
        release: () => client.release(),
      }
    },
  }
}

async function createStore({ databaseUrl, poolSize }) {
  const { makeCacheableAuthStore, PostgresAuthStore, signalKeyStoreFromAuthStore } = await import(
    'zaileys'
  )
  const { initAuthCreds } = await import('baileys')
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize })
  return {
    async open(accountId) {
      const own = new PostgresAuthStore({ pool: poolFor(pool, schemaOf(accountId)) })
      const { creds: credentials, signal } = makeCacheableAuthStore(own)
      const creds = (await credentials.readCreds()) ?? initAuthCreds()
      return {
        state: { creds, keys: signalKeyStoreFromAuthStore(signal) },
        saveCreds: () => credentials.writeCreds(creds),
      }
    },
    close: () => pool.end(),
  }
}

module.exports = { prepare, createStore }
