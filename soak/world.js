'use strict'

/** A database, accounts in it and a secret, made anew for one fault. */

const { randomBytes } = require('node:crypto')
const { createSessionStore } = require('..')
const { createDatabase } = require('../__test__/support/database')
const { readSession } = require('../__test__/support/stored-session')
const { Marks } = require('./strand')

class World {
  secret = randomBytes(24).toString('base64url')
  #said
  #stores = []

  constructor(db, accounts, said) {
    this.db = db
    this.accounts = accounts
    this.marks = Marks.random()
    this.#said = said
    const { password } = new URL(db.url)
    said.hide('the secret', this.secret)
    said.hide('the password', password)
    said.hide('a value', this.marks.value)
    said.hide("a record's id", this.marks.contact)
  }

  /** A store whose log lines and audit events are searched. */
  store(options = {}) {
    const { db, secret } = this
    const store = createSessionStore({
      databaseUrl: db.url,
      secret,
      logger: this.#said.logger,
      onAudit: (event) => this.#said.print(JSON.stringify(event)),
      ...options,
    })
    this.#stores.push(store)
    return store
  }

  /** The environment of a process that uses the package without options. */
  get environment() {
    return { DATABASE_URL: this.db.url, WHATSAPP_SESSION_SECRET: this.secret }
  }

  /** The session that the database holds, read without taking it from its owner; `null` if there is none. */
  stored(account) {
    return readSession(this.db, account, this.secret)
  }

  async close() {
    // Some faults leave stores that cannot write any more, which closing tells.
    await Promise.allSettled(this.#stores.map((store) => store.close()))
    await this.db.drop()
  }
}

/** Runs this in a world of its own. `serverUrl`: another server than that of `TEST_DATABASE_URL`. */
async function inWorld({ layout, said, accounts: count, serverUrl }, work) {
  const accounts = Array.from({ length: count }, (_, at) => `account-${at + 1}`)
  const db = await createDatabase({ layout, accounts, serverUrl })
  const world = new World(db, accounts, said)
  try {
    return await work(world)
  } finally {
    await world.close()
  }
}

module.exports = { inWorld }
