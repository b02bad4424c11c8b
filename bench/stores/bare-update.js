'use strict'

/**
 * No store at all: `pg` alone writes a text as large as the account's session, ready-made before the clock runs. What
 * is left is PostgreSQL's part of a write, and the lower bound for every store that rewrites the row.
 */

const crypto = require('node:crypto')
const { Client } = require('pg')

/** How many texts take turns, so that no update writes what is stored already. */
const TEXTS = 4

/** A sealed session's text of a given length, its ciphertext random. */
function sealedText(length) {
  const hex = (bytes) => crypto.randomBytes(bytes).toString('hex')
  const head = `{"iv":"${hex(12)}","authTag":"${hex(16)}","encrypted":"`
  return `${head}${hex((length - head.length - 2) >> 1)}"}`
}

/** An account: what is handed to `set` is not looked at. */
async function openAccount(client, accountId) {
  const { rows } = await client.query(
    'SELECT length(session_data) FROM whatsapp_accounts WHERE id = $1',
    [accountId],
  )
  const texts = Array.from({ length: TEXTS }, () => sealedText(rows[0].length))
  let turn = 0
  const set = async () => {
    turn += 1
    await client.query(
      'UPDATE whatsapp_accounts SET session_data = $2, updated_at = now() WHERE id = $1',
      [accountId, texts[turn % TEXTS]],
    )
  }
  return { state: { keys: { set } } }
}

async function createStore({ databaseUrl }) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  return {
    open: (accountId) => openAccount(client, accountId),
    close: () => client.end(),
  }
}

module.exports = { createStore }
