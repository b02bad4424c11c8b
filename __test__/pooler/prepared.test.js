'use strict'

const { Client } = require('pg')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { startPgBouncer } = require('../support/pgbouncer')
const { SECRET, makeStore, quickBaileys } = require('../faults/stores')

// What is prepared stays on the server's connection, and the pooler hands that to somebody else, whose statement of the
// same name is another one.

const STORE_PROCESS = require.resolve('../faults/store-process')

let db, pooler

afterEach(async () => {
  await db.drop()
  await pooler.stop()
})

async function start(settings) {
  const { TEST_DATABASE_URL: serverUrl } = process.env
  pooler = await startPgBouncer(serverUrl, settings)
  db = await createDatabase({ layout: 'rows' })
  return pooler.url(db.serverUrl)
}

/** A client of the pooler's that keeps one of its connections to itself, until it ends. */
async function occupy(databaseUrl) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('BEGIN')
  return client
}

/** A process of its own, so that its statements bear the same names as another's. */
const startProcess = (databaseUrl, schema) =>
  startChild(STORE_PROCESS, {
    DATABASE_URL: databaseUrl,
    WHATSAPP_SESSION_SECRET: SECRET,
    SCHEMA: schema,
    BAILEYS_AUTH_POOL_SIZE: '1',
  })

test('a write does not go to a copy of the tables that another process uses', async () => {
  const databaseUrl = await start({ default_pool_size: 2 })
  const processes = []
  try {
    const ours = startProcess(databaseUrl, 'baileys_auth')
    processes.push(ours)
    await ours.call('open', 'a')
    // As somebody makes one to try something out: the same sessions under the same keys.
    await db.query(`
      CREATE SCHEMA copy;
      CREATE TABLE copy.store AS TABLE baileys_auth.store;
      CREATE TABLE copy.session (LIKE baileys_auth.session INCLUDING ALL);
      INSERT INTO copy.session TABLE baileys_auth.session;
      CREATE TABLE copy.record (LIKE baileys_auth.record INCLUDING ALL);
      INSERT INTO copy.record TABLE baileys_auth.record`)
    const theirs = startProcess(databaseUrl, 'copy')
    processes.push(theirs)
    // Opened once more, both have the same epoch.
    await theirs.call('open', 'a')
    await ours.call('open', 'a')

    // Each has the first of the pooler's two connections when it writes first, then the other one's.
    await ours.call('set', 'a', { session: { contact: { n: 1 } } })
    const first = await occupy(databaseUrl)
    await theirs.call('set', 'a', { session: { contact: { n: 'theirs' } } })
    await ours.call('set', 'a', { session: { contact: { n: 2 } } })
    await first.end()

    const reader = makeStore(db.serverUrl, { schema: 'baileys_auth' })
    const { state } = await reader.useAuthState('a')
    expect(await state.keys.get('session', ['contact'])).toEqual({ contact: { n: 2 } })
  } finally {
    await Promise.all(processes.map((each) => each.kill()))
  }
})

test('nothing is prepared on the connections that others get', async () => {
  const databaseUrl = await start({ default_pool_size: 1 })
  const store = makeStore(databaseUrl, { baileys: quickBaileys })
  const { state } = await store.useAuthState('a')
  await state.keys.set({ session: { contact: { n: 1 } } })
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query('SELECT name FROM pg_prepared_statements')
  await client.end()
  expect(rows).toEqual([])
  expect(store.stats().retries).toBe(0)
})
