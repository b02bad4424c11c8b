'use strict'

const { createDatabase } = require('../support/database')
const { makeProxy, makeStore, quickBaileys } = require('../faults/stores')

// Commits are prepared where a connection leads to one process of the server, whoever hands on its bytes.

const COMMIT = 'INSERT INTO "baileys_auth".record'
const COMMITS = 5

let db

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows', accounts: ['a'] })
})

afterAll(() => db.drop())

test.each([
  ['is sent once a connection by way of a TCP proxy', '', 1],
  ['is sent each time when nothing is to be prepared', '?pgbouncer=true', COMMITS],
])("a commit's statement %s", async (_, parameters, times) => {
  const proxy = await makeProxy(db.serverUrl)
  const store = makeStore(`${proxy.url(db.serverUrl)}${parameters}`, {
    baileys: quickBaileys,
    pool: { size: 1 },
  })
  const { state } = await store.useAuthState('a')
  proxy.countRequests(COMMIT)
  for (let n = 1; n <= COMMITS; n++) await state.keys.set({ session: { contact: { n } } })
  expect(proxy.requests).toBe(times)
})
