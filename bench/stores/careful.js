'use strict'

/**
 * *Careful Node.js*: what a good engineer writes with `pg` and `node:crypto` in a day or two. A row a record, one
 * prepared `unnest` upsert a `set`, one query a `get`, AES-256-GCM bound to the row, the key derived once.
 *
 * It has no owner, no cache and no compression; it is durable, atomic per call, and refuses changed or moved rows.
 */

const crypto = require('node:crypto')
const { promisify } = require('node:util')
const { Pool } = require('pg')

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }
const CREDS = ['creds', '']

const TABLE = `
  CREATE TABLE IF NOT EXISTS auth_record (
    account_id text NOT NULL,
    type text NOT NULL,
    id text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (account_id, type, id)
  );
  ALTER TABLE auth_record ALTER COLUMN value SET STORAGE EXTERNAL`

const UPSERT = `
  INSERT INTO auth_record (account_id, type, id, value)
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[])
  ON CONFLICT (account_id, type, id) DO UPDATE SET value = EXCLUDED.value`

/** Statements by name: `pg` prepares them once on each connection. */
const STATEMENTS = {
  read: 'SELECT id, value FROM auth_record WHERE account_id = $1 AND type = $2 AND id = ANY ($3::text[])',
  upsert: UPSERT,
  replace: `
    WITH gone AS (
      DELETE FROM auth_record WHERE account_id = $1
      AND (type, id) IN (SELECT * FROM unnest($5::text[], $6::text[]))
    ) ${UPSERT}`,
}

class Seal {
  #key

  constructor(key) {
    this.#key = key
  }

  seal(text, row) {
    const nonce = crypto.randomBytes(NONCE_BYTES)
    const cipher = crypto.createCipheriv(CIPHER, this.#key, nonce, OPTIONS)
    cipher.setAAD(Buffer.from(row.join('\0')))
    const head = cipher.update(text, 'utf8')
    cipher.final()
    return Buffer.concat([nonce, cipher.getAuthTag(), head])
  }

  open(sealed, row) {
    const body = NONCE_BYTES + TAG_BYTES
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = crypto.createDecipheriv(CIPHER, this.#key, nonce, OPTIONS)
    decipher.setAAD(Buffer.from(row.join('\0')))
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, body))
    return decipher.update(sealed.subarray(body), undefined, 'utf8') + decipher.final('utf8')
  }
}

class CarefulStore {
  constructor({ pool, seal, baileys }) {
    this.pool = pool
    this.seal = seal
    this.baileys = baileys
  }

  #query(name, values) {
    return this.pool.query({ name, text: STATEMENTS[name], values })
  }

  async #read(accountId, type, ids) {
    const { BufferJSON } = this.baileys
    const { rows } = await this.#query('read', [accountId, type, ids])
    const stored = new Map(rows.map(({ id, value }) => [id, value]))
    const answer = {}
    for (const id of ids) {
      const sealed = stored.get(id)
      answer[id] = sealed
        ? JSON.parse(this.seal.open(sealed, [accountId, type, id]), BufferJSON.reviver)
        : null
    }
    return answer
  }

  /** Writes `[type, id, value]` rows in one statement; a falsy value deletes. */
  async #write(accountId, rows) {
    const { replacer } = this.baileys.BufferJSON
    const [types, ids, values, goneTypes, goneIds] = [[], [], [], [], []]
    for (const [type, id, value] of rows) {
      if (!value) {
        goneTypes.push(type)
        goneIds.push(id)
        continue
      }
      types.push(type)
      ids.push(id)
      values.push(this.seal.seal(JSON.stringify(value, replacer), [accountId, type, id]))
    }
    if (goneIds.length > 0) {
      await this.#query('replace', [accountId, types, ids, values, goneTypes, goneIds])
    } else {
      await this.#query('upsert', [accountId, types, ids, values])
    }
  }

  async open(accountId) {
    const { initAuthCreds, proto } = this.baileys
    const [credsType, credsId] = CREDS
    const stored = await this.#read(accountId, credsType, [credsId])
    const creds = stored[credsId] ?? initAuthCreds()

    const get = async (type, ids) => {
      const answer = await this.#read(accountId, type, ids)
      if (type !== 'app-state-sync-key') return answer
      for (const id of ids) {
        if (answer[id]) answer[id] = proto.Message.AppStateSyncKeyData.fromObject(answer[id])
      }
      return answer
    }

    const set = async (data) => {
      const rows = Object.entries(data).flatMap(([type, records]) =>
        Object.entries(records).map(([id, value]) => [type, id, value]),
      )
      // In one order everywhere, so that two calls never wait for each other's rows.
      if (rows.length > 1) rows.sort(([a, x], [b, y]) => (a + x < b + y ? -1 : 1))
      if (rows.length > 0) await this.#write(accountId, rows)
    }

    return {
      state: { creds, keys: { get, set } },
      saveCreds: () => this.#write(accountId, [[...CREDS, creds]]),
      close: async () => {},
    }
  }

  close() {
    return this.pool.end()
  }
}

async function createStore({ databaseUrl, secret, poolSize }) {
  const pool = new Pool({ connectionString: databaseUrl, max: poolSize })
  // scrypt's own default parameters.
  const key = await promisify(crypto.scrypt)(secret, 'careful-node-store', 32)
  return new CarefulStore({ pool, seal: new Seal(key), baileys: await import('baileys') })
}

module.exports = { prepare: (db) => db.query(TABLE), createStore }
