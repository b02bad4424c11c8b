'use strict'

const { createDatabase } = require('../support/database')
const { startPgBouncer } = require('../support/pgbouncer')
const { makeStore, quickBaileys } = require('../faults/stores')

let db, pooler

beforeAll(async () => {
  const { TEST_DATABASE_URL: serverUrl } = process.env
  pooler = await startPgBouncer(serverUrl, {})
  db = await createDatabase({ layout: 'rows' })
})

afterAll(async () => {
  await db.drop()
  await pooler.stop()
})

/** What is said of the way to the server. */
async function said(databaseUrl) {
  const { checks } = await makeStore(databaseUrl, { baileys: quickBaileys }).diagnose()
  return Object.fromEntries(checks.map(({ name, status, found }) => [name, `${status}: ${found}`]))
}

test('a pooler is told from the server', async () => {
  expect((await said(db.serverUrl)).pooler).toBe('ok: none: statements are prepared')
  expect((await said(pooler.url(db.serverUrl))).pooler).toMatch(/^ok: one in between/)
})

test('it is looked for even where the connection string says that there is one', async () => {
  const url = new URL(db.serverUrl)
  url.searchParams.set('pgbouncer', 'true')
  expect((await said(url.href)).pooler).toBe('ok: none: statements are prepared')
})

test('what the server knows of TLS and connections is not taken for what the pooler does', async () => {
  const { tls, connections } = await said(pooler.url(db.serverUrl))
  expect(tls).toBe('ok: not known, and nothing leaves this machine')
  expect(connections).toBe('ok: at most 8, to a pooler')
})
