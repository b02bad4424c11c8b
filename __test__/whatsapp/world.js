'use strict'

/** A WhatsApp, a place for the sessions, and the clients between them, made anew for one scenario. */

const { randomBytes } = require('node:crypto')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { Client } = require('./client')

/** For a test: each of the processes it starts has a Baileys to load, a second's work, and others do the same beside it. */
const WITHIN_MS = 180_000

const SERVER = path.join(__dirname, '../support/whatsapp/server.mjs')

/** The package in both layouts, and what Baileys comes with. */
const STORES = ['rows', 'column', 'files']

const numberOf = (index) => String(4_917_000_000_000 + index)

class World {
  #whatsApp
  #place
  #clients = []
  #numbers = new Map()

  constructor(whatsApp, place, env) {
    this.#whatsApp = whatsApp
    this.#place = place
    /** Where WhatsApp is and where the sessions are, for a process. */
    this.env = env
  }

  get db() {
    return this.#place.db
  }

  /** Calls one of the methods that the stand-in serves. */
  server(method, ...args) {
    return this.#whatsApp.call(method, ...args)
  }

  /** A process of an account's application, which has not connected yet. */
  start(account, { baileys = 'baileys', env = {} } = {}) {
    const client = new Client(account, {
      ...this.env,
      ...env,
      ACCOUNT: account,
      BAILEYS: baileys,
    })
    client.number = this.#numbers.get(account)
    this.#clients.push(client)
    return client
  }

  /** Another process of the account, connected with the session that there is. */
  async resume(account, options) {
    const client = this.start(account, options)
    await client.call('connect')
    await client.until('open')
    return client
  }

  /** A new client whose account the phone of that number links. */
  async pair(account, number, options) {
    const client = this.start(account, options)
    await client.call('connect')
    await client.until('code')
    await this.scan(client, number)
    return client
  }

  /** The phone of that number scans the code that a client shows last; resolves when the client has connected again. */
  async scan(client, number) {
    this.#numbers.set(client.account, number)
    client.number = number
    await this.server('scan', client.told.code.at(-1).code, number)
    await client.until('open')
  }

  /**
   * Sends a text to a receiver that has acknowledged all before it; resolves when the application has it, and so everything.
   */
  async sendLast(sender, receiver, text) {
    await this.server('hasEverything', receiver.number)
    await sender.call('send', jidOf(receiver.number), text)
    await receiver.untilTexts(text)
  }

  /** Messages that a device could not decrypt, as WhatsApp sees it: refused, and asked for again. */
  async undecryptable() {
    const { refused, retried } = await this.server('figures')
    return { refused, retried }
  }

  /** How much is stored of an account: 0 is nothing. */
  left(account) {
    return this.#place.left(account)
  }

  async close() {
    await Promise.all(this.#clients.map((client) => client.kill()))
    await this.#whatsApp.kill()
    await this.#place.remove()
  }
}

async function placeFor(store, { accounts, serverUrl }) {
  if (store === 'files') {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'whatsapp-files-'))
    return {
      env: { FOLDER: folder },
      left: async (account) =>
        (await fs.readdir(path.join(folder, account)).catch(() => [])).length,
      remove: () => fs.rm(folder, { recursive: true, force: true }),
    }
  }
  const db = await createDatabase({ accounts, layout: store, serverUrl })
  return {
    db,
    env: {
      DATABASE_URL: db.url,
      BAILEYS_AUTH_LAYOUT: store,
      WHATSAPP_SESSION_SECRET: randomBytes(24).toString('base64url'),
    },
    left: async (account) => ((await db.stored(account)) === null ? 0 : 1),
    remove: () => db.drop(),
  }
}

/**
 * @param {{ store: string, accounts: string[], serverUrl?: string }} options one of `STORES`; who may have a session; a
 *   database server other than the tests'
 * @param {(world: World) => Promise<any>} work
 */
async function inWorld({ store, ...options }, work) {
  const place = await placeFor(store, options)
  const whatsApp = startChild(SERVER)
  const { url, root } = await whatsApp.call('address')
  const env = { ...place.env, WHATSAPP_URL: url, WHATSAPP_ROOT: root }
  const world = new World(whatsApp, place, env)
  try {
    return await work(world)
  } finally {
    await world.close()
  }
}

const jidOf = (number) => `${number}@s.whatsapp.net`

module.exports = { STORES, WITHIN_MS, inWorld, jidOf, numberOf }
