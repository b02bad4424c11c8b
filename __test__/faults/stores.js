'use strict'

const { createDecipheriv, scryptSync } = require('node:crypto')
const { createSessionStore } = require('../..')
const { startProxy } = require('../support/proxy')

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

let key

/** The session that the database holds, opened as the original service would; `null` if there is none. */
async function readStored(db, accountId) {
  const text = await db.sessionData(accountId)
  if (text === null) return null
  const { iv, authTag, encrypted } = JSON.parse(text)
  key ??= scryptSync(SECRET, 'whatsapp-session-salt', 32)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'hex'))
  decipher.setAuthTag(Buffer.from(authTag, 'hex'))
  const plaintext = Buffer.concat([decipher.update(encrypted, 'hex'), decipher.final()])
  return JSON.parse(plaintext.toString())
}

/** The environment of a process that uses the package without options. */
function environment(databaseUrl) {
  return { DATABASE_URL: databaseUrl, WHATSAPP_SESSION_SECRET: SECRET }
}

module.exports = {
  SECRET,
  addAccount,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
  readStored,
}
