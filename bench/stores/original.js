'use strict'

/**
 * The original TypeScript service's algorithm, in plain JavaScript: the whole session stays in memory, and every
 * `set` derives the key, walks, serialises and encrypts all of it and rewrites the account's row.
 */

const crypto = require('node:crypto')
const { Pool } = require('pg')

const SALT = 'whatsapp-session-salt'
const KEY_LENGTH = 32
const IV_LENGTH = 12

function encryptData(text, secret) {
  const key = crypto.scryptSync(secret, SALT, KEY_LENGTH)
  const iv = crypto.randomBytes(IV_LENGTH)
  const cipher = crypto.createCipheriv('aes-256-gcm', key, iv)
  const encrypted = cipher.update(text, 'utf8', 'hex') + cipher.final('hex')
  return {
    iv: iv.toString('hex'),
    authTag: cipher.getAuthTag().toString('hex'),
    encrypted,
  }
}

function decryptData(sealed, secret) {
  const key = crypto.scryptSync(secret, SALT, KEY_LENGTH)
  const decipher = crypto.createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'hex'))
  decipher.setAuthTag(Buffer.from(sealed.authTag, 'hex'))
  return decipher.update(sealed.encrypted, 'hex', 'utf8') + decipher.final('utf8')
}

function serializeBuffers(value) {
  if (value instanceof Uint8Array) {
    return { type: 'Buffer', data: Buffer.from(value).toString('base64') }
  }
  if (Array.isArray(value)) return value.map(serializeBuffers)
  if (value === null || typeof value !== 'object') return value
  const copy = {}
  for (const [name, item] of Object.entries(value)) copy[name] = serializeBuffers(item)
  return copy
}

function deserializeBuffers(value) {
  if (Array.isArray(value)) return value.map(deserializeBuffers)
  if (value === null || typeof value !== 'object') return value
  if (value.type === 'Buffer' && typeof value.data === 'string') {
    return Buffer.from(value.data, 'base64')
  }
  const copy = {}
  for (const [name, item] of Object.entries(value)) copy[name] = deserializeBuffers(item)
  return copy
}

/** The text of `session_data` for a session `{ creds, keys: { '<type>-<id>': value } }`. */
function sealSession(session, secret) {
  return JSON.stringify(encryptData(JSON.stringify(serializeBuffers(session)), secret))
}

/** The session that `session_data` holds. */
function openSession(text, secret) {
  return deserializeBuffers(JSON.parse(decryptData(JSON.parse(text), secret)))
}

/** A session that is open: all of it in memory, as the service had it. */
class OriginalSession {
  constructor(pool, secret, accountId, session) {
    const { creds, keys } = session
    const save = () =>
      pool.query(
        'UPDATE whatsapp_accounts SET session_data = $2, updated_at = now() WHERE id = $1',
        [accountId, sealSession(session, secret)],
      )

    const get = async (type, ids) =>
      Object.fromEntries(ids.map((id) => [id, keys[`${type}-${id}`] ?? null]))

    const set = async (data) => {
      for (const [type, records] of Object.entries(data)) {
        for (const [id, value] of Object.entries(records)) {
          if (value) keys[`${type}-${id}`] = value
          else delete keys[`${type}-${id}`]
        }
      }
      await save()
    }

    this.state = { creds, keys: { get, set } }
    this.saveCreds = save
  }

  async close() {}
}

async function createStore({ databaseUrl, secret, poolSize }) {
  const { initAuthCreds } = await import('baileys')
  // Unless told otherwise a pool of the default size, as a backend has it.
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize })
  return {
    async open(accountId) {
      const { rows } = await pool.query(
        'SELECT session_data FROM whatsapp_accounts WHERE id = $1',
        [accountId],
      )
      const text = rows[0].session_data
      const session = text ? openSession(text, secret) : { creds: initAuthCreds(), keys: {} }
      return new OriginalSession(pool, secret, accountId, session)
    },
    close: () => pool.end(),
  }
}

/** The rows that the service's own backend makes for its accounts. */
const prepare = (db, accountIds) =>
  db.query(
    `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at)
     SELECT id, 'a-user', 'An account', now() FROM unnest($1::text[]) AS id`,
    [accountIds],
  )

module.exports = { prepare, createStore, openSession, sealSession }
