'use strict'

const fs = require('node:fs')
const { newFolder, recordsOf, useFolder } = require('./folders')

// Sessions as other packages keep them, by what the sources of the named versions do with a value. Their tables too are as they
// make them.

/** `postgres-baileys` 1.5.0: buffers are lists of numbers, and of other byte arrays it sees an object. */
function postgresText(value) {
  const plain = (each) => {
    if (Buffer.isBuffer(each)) return { type: 'Buffer', data: Array.from(each) }
    if (Array.isArray(each)) return each.map(plain)
    if (typeof each !== 'object' || each === null) return each
    if (typeof each.toJSON === 'function') return each.toJSON()
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, plain(inner)]))
  }
  return JSON.stringify(plain(value))
}

/** `mysql-baileys` 1.5.1: buffers are base64, other byte arrays are objects. */
const mysqlTextBefore = (value) =>
  JSON.stringify(value, (_, each) =>
    each?.type === 'Buffer' && Array.isArray(each?.data)
      ? { type: 'Buffer', data: Buffer.from(each.data).toString('base64') }
      : each,
  )

/** `mysql-baileys` 1.5.4: what is no object is stored as it is. */
const mysqlText = (value) =>
  typeof value === 'object'
    ? JSON.stringify(value, (_, each) =>
        Buffer.isBuffer(each) || each instanceof Uint8Array || each?.type === 'Buffer'
          ? { type: 'Buffer', data: Buffer.from(each?.data || each).toString('base64') }
          : each,
      )
    : value

const RIVALS = {
  'postgres-baileys 1.5.0': {
    store: 'postgres-baileys',
    creds: 'auth_creds',
    textOf: postgresText,
  },
  'mysql-baileys 1.5.1': { store: 'mysql-baileys', creds: 'creds', textOf: mysqlTextBefore },
  'mysql-baileys 1.5.4': { store: 'mysql-baileys', creds: 'creds', textOf: mysqlText },
}

/** What credentials have once the account is paired: a message of protobuf, and bytes that are no Buffer. */
async function paired(version) {
  const { proto } = await import(version)
  return {
    me: { id: '5511999990000:3@s.whatsapp.net', name: 'Zoë 😀' },
    account: proto.ADVSignedDeviceIdentity.fromObject({
      details: Buffer.from('details'),
      deviceSignature: Buffer.alloc(64, 1),
    }),
    signalIdentities: [
      { identifier: { name: '5511:3', deviceId: 0 }, identifierKey: new Uint8Array(33).fill(6) },
    ],
    routingInfo: Buffer.from([8, 2, 8, 5]),
  }
}

/** A session that was given to Baileys' own store and to another package: the one's `folder`, and the other's `rows` by their names. */
async function makeBoth({ creds, textOf }, version = 'baileys') {
  const folder = newFolder()
  const { state, saveCreds } = await useFolder(folder, version)
  Object.assign(state.creds, await paired(version))
  await saveCreds()
  const records = await recordsOf(version)
  await state.keys.set(records)
  const rows = new Map([[creds, textOf(state.creds)]])
  for (const [type, byId] of Object.entries(records)) {
    for (const [id, value] of Object.entries(byId)) rows.set(`${type}-${id}`, textOf(value))
  }
  return { folder, rows }
}

/** The table of `postgres-baileys`, with sessions by their names. */
async function makePostgresTable(db, sessions) {
  await db.query(
    'CREATE TABLE IF NOT EXISTS auth_data (session_key VARCHAR(255) PRIMARY KEY, data TEXT NOT NULL)',
  )
  for (const [session, rows] of Object.entries(sessions)) {
    const keys = [...rows.keys()].map((name) => `${session}:${name}`)
    await db.query('INSERT INTO auth_data SELECT * FROM unnest($1::text[], $2::text[])', [
      keys,
      [...rows.values()],
    ])
  }
}

/**
 * A folder of modules in which `mysql2/promise` is a stand-in that knows one table, `auth`, and answers the one query of the
 * script: there is no MySQL among the tests' servers.
 */
function makeMysqlDriver(folder, sessions) {
  const tables = { auth: Object.fromEntries(Object.entries(sessions).map(rowsOf)) }
  fs.mkdirSync(`${folder}/mysql2`, { recursive: true })
  fs.writeFileSync(
    `${folder}/mysql2/promise.js`,
    `const tables = ${JSON.stringify(tables)}
    const SQL = 'SELECT id AS name, CAST(value AS CHAR) AS text FROM ?? WHERE session = ?'
    exports.createConnection = async (url) => ({
      query: async (sql, [table, session]) => {
        if (sql !== SQL || url !== 'mysql://old') throw new Error('this is not what it asks for')
        return [tables[table][session] ?? []]
      },
      end: async () => {},
    })`,
  )
}

const rowsOf = ([session, rows]) => [session, [...rows].map(([name, text]) => ({ name, text }))]

module.exports = { RIVALS, makeBoth, makeMysqlDriver, makePostgresTable }
