'use strict'

/**
 * What PostgreSQL writes and keeps: recorded calls of Baileys, by several accounts beside each other, in both layouts.
 *
 * The log is counted from a checkpoint on, with the pages that PostgreSQL logs as a whole when they are first changed.
 */

const { createDatabase } = require('../../__test__/support/database')
const { readTrace, Written } = require('../../__test__/contract/trace')
const { createSessionStore } = require('../..')
const { accountId } = require('../records')
const { layOut, number } = require('../text')
const { print, showProgress } = require('../terminal')

/** What each trace is, and which of its marks are messages. */
const TRACES = {
  'dm-v7': 'direct messages with 200 contacts',
  'socket-v7': 'a pairing, direct messages and groups',
}
/** Layout column writes the whole session each time: 200 contacts would be tens of gigabytes. */
const CASES = [
  { trace: 'dm-v7', layout: 'rows', accounts: 10 },
  { trace: 'socket-v7', layout: 'rows', accounts: 10 },
  { trace: 'socket-v7', layout: 'column', accounts: 2 },
]
const MESSAGE = /^(?:recv|send)(?:-group)?$/

/** The sets of a trace as their callers made them, and how many messages they are of. */
function readSets(trace) {
  const written = new Written()
  const sets = []
  let messages = 0
  for (const line of readTrace(trace)) {
    if (line.t === 'mark' && MESSAGE.test(line.k)) messages++
    if (line.t === 'set') sets.push(written.apply(line.data))
  }
  return { sets, messages }
}

/** The values of a recorded set. */
const valuesOf = (set) =>
  Object.fromEntries(
    Object.entries(set).map(([type, byId]) => [
      type,
      Object.fromEntries(
        Object.entries(byId).map(([id, text]) => [id, text === null ? null : JSON.parse(text)]),
      ),
    ]),
  )

const one = async (db, sql) => Number((await db.query(`SELECT (${sql})::bigint AS n`)).rows[0].n)
const logOf = (db) => one(db, "pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
/** All tables of the database that are not PostgreSQL's own, with their indexes and what is out of line. */
const sizeOf = (db) =>
  one(
    db,
    `SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')`,
  )

async function measure({ trace, layout, accounts: count }) {
  const { sets, messages } = readSets(trace)
  const accounts = Array.from({ length: count }, (_, number) => accountId(number))
  const db = await createDatabase({ layout, accounts })
  const store = createSessionStore({ databaseUrl: db.url, secret: 'of no importance', layout })
  try {
    const handles = await Promise.all(accounts.map((account) => store.useAuthState(account)))
    await Promise.all(handles.map(({ saveCreds }) => saveCreds()))
    await db.query('CHECKPOINT')
    const before = await logOf(db)
    await Promise.all(
      handles.map(async ({ state }, at) => {
        for (const [done, set] of sets.entries()) {
          await state.keys.set(valuesOf(set))
          if (at === 0 && done % 100 === 0) {
            showProgress(`${trace}, layout ${layout}: ${done} of ${sets.length} sets`)
          }
        }
      }),
    )
    const log = (await logOf(db)) - before
    await db.query('VACUUM FULL')
    return { messages, sets: sets.length, log, size: await sizeOf(db) }
  } finally {
    await store.close()
    await db.drop()
  }
}

async function runSuite() {
  const rows = [
    // As many gigabytes a million.
    ['trace', 'layout', 'messages', 'sets', 'KB of log a message', 'KB an account, packed'],
  ]
  for (const each of CASES) {
    const { messages, sets, log, size } = await measure(each)
    rows.push([
      `${each.trace}: ${TRACES[each.trace]}`,
      each.layout,
      number(messages),
      number(sets),
      number(log / (each.accounts * messages) / 1e3),
      number(size / each.accounts / 1e3),
    ])
  }
  print(layOut(rows))
  return 0
}

module.exports = { runSuite }
