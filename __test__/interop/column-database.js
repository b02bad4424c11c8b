'use strict'

const { createSessionStore, SessionStoreError } = require('../../index')
const { createDatabase } = require('../support/database')

const SECRET = 'an-example-secret-of-good-length'

/** A database for the tests of one file, with the stores that they open on it. */
class ColumnDatabase {
  #stores = []
  #accounts = 0

  async setUp() {
    this.db = await createDatabase()
  }

  async tearDown() {
    await Promise.all(this.#stores.map((store) => store.close()))
    await this.db?.drop()
  }

  store(secret = SECRET, options = {}) {
    const settings = { databaseUrl: this.db.url, secret, layout: 'column', ...options }
    const store = createSessionStore(settings)
    this.#stores.push(store)
    return store
  }

  /** A new account whose row holds this text. */
  async accountWith(sessionData) {
    const accountId = `account-${++this.#accounts}`
    await this.db.addAccount(accountId)
    await this.db.query('UPDATE whatsapp_accounts SET session_data = $2 WHERE id = $1', [
      accountId,
      sessionData,
    ])
    return accountId
  }

  sessionData(accountId) {
    return this.db.sessionData(accountId)
  }
}

/** What a call is refused with. */
async function refusalOf(promise) {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(SessionStoreError)
  return error
}

module.exports = { ColumnDatabase, refusalOf, SECRET }
