'use strict'

const { createSessionStore } = require('../..')
const { startProxy } = require('../support/proxy')
const { readSession } = require('../support/stored-session')

const SECRET = 'an-example-secret-of-good-length'

const made = []
const proxies = []

let accounts = 0

/** A row of its own for a test; gives the account's id. */
async function addAccount(db) {
  const id = `account-${++accounts}`
  await db.addAccount(id)
  return id
}

/** A store that is closed after the test. */
function makeStore(databaseUrl, options = {}) {
  const store = createSessionStore({ databaseUrl, secret: SECRET, ...options })
  made.push(store)
  return store
}

/** A proxy that is closed after the test. */
async function makeProxy(target) {
  const proxy = await startProxy(target)
  proxies.push(proxy)
  return proxy
}

/** Resolves when the server has nothing to do any more. */
async function idle(db) {
  const busy = `SELECT FROM pg_stat_activity WHERE datname = current_database()
                AND pid <> pg_backend_pid() AND state <> 'idle'`
  while ((await db.query(busy)).rowCount > 0);
}

/** Lets the server have what a proxy has held and a store has given up, and waits until it is carried out. */
async function carryOut(db, proxy) {
  expect(proxy.abandoned).toBeGreaterThan(0)
  proxy.release()
  while (proxy.abandoned > 0) await new Promise(setImmediate)
  await idle(db)
}

afterEach(async () => {
  // Before the proxies go, so that no store waits for what can no longer come. Some tests leave the database failing,
  // so that closing fails too.
  await Promise.allSettled(made.splice(0).map((store) => store.close()))
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
})

/** In Baileys' place where fresh credentials are made so often that real key pairs would take most of the time. */
const quickBaileys = {
  initAuthCreds: () => ({ registered: false }),
  proto: { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } },
}

/** Asserts that a promise rejects with one of these codes; gives the error. */
async function expectRefused(promise, ...codes) {
  const error = await promise.then(
    () => new Error('it was not refused'),
    (reason) => reason,
  )
  if (error.name !== 'SessionStoreError') throw error
  expect(codes).toContain(error.code)
  return error
}

/** The session that the database holds; `null` if there is none. */
const readStored = (db, accountId) => readSession(db, accountId, SECRET)

/** The environment of a process that uses the package without options. */
function environment(databaseUrl) {
  return { DATABASE_URL: databaseUrl, WHATSAPP_SESSION_SECRET: SECRET }
}

module.exports = {
  SECRET,
  addAccount,
  carryOut,
  environment,
  expectRefused,
  idle,
  makeProxy,
  makeStore,
  quickBaileys,
  readStored,
}
