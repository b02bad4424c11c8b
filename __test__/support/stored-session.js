'use strict'

const { createDecipheriv, scryptSync } = require('node:crypto')
const { escapeLiteral } = require('pg')
const { createSessionStore } = require('../..')

// What the database holds of a session, read without taking the account from whoever has it open.

let copies = 0

/** The session that the database holds, `{ creds, keys }` with each key's type and id joined; `null` if there is none. */
async function readSession(db, accountId, secret) {
  return db.layout === 'rows'
    ? readRows(db, accountId, secret)
    : openColumn(await db.sessionData(accountId), secret)
}

const derived = new Map()

/** Opens a `session_data` as the original service would. */
function openColumn(text, secret) {
  if (text === null) return null
  const { iv, authTag, encrypted } = JSON.parse(text)
  if (!derived.has(secret)) derived.set(secret, scryptSync(secret, 'whatsapp-session-salt', 32))
  const decipher = createDecipheriv('aes-256-gcm', derived.get(secret), Buffer.from(iv, 'hex'))
  decipher.setAuthTag(Buffer.from(authTag, 'hex'))
  const plaintext = Buffer.concat([decipher.update(encrypted, 'hex'), decipher.final()])
  return JSON.parse(plaintext.toString())
}

/** Reads a copy of the account's rows, in a schema of its own, through a store of its own. */
async function readRows(db, accountId, secret) {
  const schema = `copy_${++copies}`
  const account = escapeLiteral(accountId)
  await db.query(`
    BEGIN ISOLATION LEVEL REPEATABLE READ;
    CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.store AS TABLE baileys_auth.store;
    CREATE TABLE ${schema}.session AS
      SELECT * FROM baileys_auth.session WHERE account_id = ${account};
    CREATE TABLE ${schema}.record AS
      SELECT * FROM baileys_auth.record WHERE session_id IN (SELECT session_id FROM ${schema}.session);
    COMMIT`)
  const { rows } =
    await db.query(`SELECT kind FROM ${schema}.session LEFT JOIN ${schema}.record USING (session_id)
                                   GROUP BY kind`)
  const store = createSessionStore({
    databaseUrl: db.url,
    secret,
    schema,
    baileys: {
      initAuthCreds: () => ({}),
      proto: { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } },
    },
  })
  try {
    if (rows.length === 0) return null
    const { state } = await store.useAuthState(accountId)
    const keys = {}
    for (const { kind } of rows) {
      if (kind === null || kind === 'creds') continue
      for await (const [id, value] of state.keys.list(kind)) keys[`${kind}-${id}`] = value
    }
    return { creds: state.creds, keys }
  } finally {
    await store.close()
    await db.query(`DROP SCHEMA ${schema} CASCADE`)
  }
}

module.exports = { readSession }
