'use strict'

/**
 * Writes a session of `postgres-baileys` (1.5.0) or `mysql-baileys` (1.5.1 to 1.5.4) as a folder of files, as Baileys' own
 * `useMultiFileAuthState` keeps them, which `npx baileys-postgres-auth import` takes:
 *
 *   OLD_DATABASE_URL=… node table-to-folder.js postgres-baileys SESSION FOLDER
 *   OLD_DATABASE_URL=… node table-to-folder.js mysql-baileys SESSION FOLDER [TABLE]
 *
 * Run it where that package is installed, with whose driver it reads, and with nothing that uses the session still running. It
 * writes to no database.
 */

const fs = require('node:fs')
const path = require('node:path')

/**
 * What follows `SESSION:` in a key, if it is a record of that session: the keys of a session `a:b` begin with `a:`, too, and of
 * Baileys' ids only those of sender keys have a colon.
 */
const RECORD_NAME =
  /^(auth_creds|sender-key-[^:]+::[^:]+::\d+|(pre-key|session|sender-key-memory|app-state-sync-(key|version)|lid-mapping|device-list|tctoken|identity-key)-[^:]+)$/

/** How each package keeps the records of a session: gives their names and texts. */
const STORES = {
  async 'postgres-baileys'(url, session) {
    const { Client } = require('pg')
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      const { rows } = await client.query(
        `SELECT substr(session_key, length($1) + 2) AS name, data AS text FROM auth_data
         WHERE left(session_key, length($1) + 1) = $1 || ':'`,
        [session],
      )
      const records = rows.filter(({ name }) => RECORD_NAME.test(name))
      const others = rows.length - records.length
      if (others > 0) {
        process.stderr.write(`${others} rows whose keys begin so are no records of ${session}\n`)
      }
      return records.map(({ name, text }) => ({
        name: name.replace(/^auth_creds$/, 'creds'),
        text,
      }))
    } finally {
      await client.end()
    }
  },

  async 'mysql-baileys'(url, session, table = 'auth') {
    const { createConnection } = require('mysql2/promise')
    const connection = await createConnection(url)
    try {
      // A column of type JSON, as 1.5.1 made it, would be decoded by the driver.
      const [rows] = await connection.query(
        'SELECT id AS name, CAST(value AS CHAR) AS text FROM ?? WHERE session = ?',
        [table, session],
      )
      return rows
    } finally {
      await connection.end()
    }
  },
}

/** A record's text as Baileys' own store has it. */
function textOf(name, text) {
  // mysql-baileys 1.5.4 stores strings without their quotes, and these are the only strings among the records.
  if (name.startsWith('lid-mapping-') && text && !text.startsWith('"')) return JSON.stringify(text)
  try {
    return JSON.stringify(JSON.parse(text, asBuffer))
  } catch {
    // Import says of which file what is wrong with it.
    return text ?? ''
  }
}

/** Byte arrays that were stored as lists of numbers, or as objects (`{"0":5,"1":…}`), in Baileys' form. */
function asBuffer(_, value) {
  const bytes = bytesOf(value)
  return bytes ? { type: 'Buffer', data: Buffer.from(bytes).toString('base64') } : value
}

function bytesOf(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value.type === 'Buffer') return Array.isArray(value.data) ? value.data : undefined
  const bytes = Object.values(value)
  const isByte = (byte) => Number.isInteger(byte) && byte >= 0 && byte < 256
  const isList = Object.keys(value).every((key, at) => key === String(at))
  return bytes.length > 0 && isList && bytes.every(isByte) ? bytes : undefined
}

/** Writes the records into a folder that is not there yet, the credentials last: without them import refuses it. */
function writeFolder(folder, records) {
  const files = records
    .map(({ name, text }) => [name, textOf(name, text)])
    .sort(([a], [b]) => (a === 'creds') - (b === 'creds'))
  if (files.at(-1)?.[0] !== 'creds')
    throw new Error('there is no such session: it has no credentials')
  fs.mkdirSync(folder, { mode: 0o700 })
  for (const [name, text] of files) {
    const file = `${name.replaceAll('/', '__').replaceAll(':', '-')}.json`
    fs.writeFileSync(path.join(folder, file), text, { flag: 'wx', mode: 0o600 })
  }
  return files.length
}

async function main([store, session, folder, table]) {
  const url = process.env.OLD_DATABASE_URL
  if (!url || !Object.hasOwn(STORES, store) || !session || !folder) {
    throw new Error(
      `usage: OLD_DATABASE_URL=… node table-to-folder.js ${Object.keys(STORES).join('|')} SESSION FOLDER [TABLE]`,
    )
  }
  const files = writeFolder(folder, await STORES[store](url, session, table))
  process.stdout.write(`${files} files\n`)
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
