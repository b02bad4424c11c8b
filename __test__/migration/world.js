'use strict'

const { createDatabase } = require('../support/database')
const { makeStore, quickBaileys, readStored } = require('../faults/stores')

// A database whose sessions are moved between the layouts, and moves as stores find them: not told a layout.

const OTHER = { rows: 'column', column: 'rows' }

/** Ids of accounts as nobody should choose them. */
const ODD = [' ', "o'clock", 'a"b', '%', '_', '\\', 'é😀', '{schema}', '\n', 'a'.repeat(300)]

class World {
  static async of(layout) {
    const world = new World()
    world.db = await createDatabase({ layout })
    return world
  }

  make(options) {
    return makeStore(this.db.url, { baileys: quickBaileys, ...options })
  }

  /** Sessions that are open no more. */
  async add(accounts, options) {
    const store = this.make(options)
    for (const account of accounts) {
      await this.db.addAccount(account)
      await fill(await store.useAuthState(account), account)
    }
    await store.close()
    return accounts
  }

  /** In which layouts an account has a session. */
  async places(account) {
    const text = (await this.db.sessionData(account)) ?? null
    const tables = await this.db.query(`SELECT to_regclass('baileys_auth.session') AS session`)
    const { rowCount } =
      tables.rows[0].session === null
        ? { rowCount: 0 }
        : await this.db.query('SELECT FROM baileys_auth.session WHERE account_id = $1', [account])
    return [...(text === null ? [] : ['column']), ...Array(rowCount).fill('rows')]
  }

  /** All that is stored, as a text that changes with any of it. */
  async everything() {
    const tables = ['whatsapp_accounts']
    const { rows } = await this.db.query(`SELECT to_regclass('baileys_auth.store') AS store`)
    if (rows[0].store !== null)
      tables.push('baileys_auth.store', 'baileys_auth.session', 'baileys_auth.record')
    const all = tables.map((table) =>
      this.db.query(`SELECT t::text FROM ${table} AS t ORDER BY t::text COLLATE "C"`),
    )
    return JSON.stringify((await Promise.all(all)).map((each) => each.rows))
  }

  /** The session that a layout holds. */
  stored(account, layout) {
    return readStored({ ...this.db, layout }, account)
  }
}

/** Writes to an open account what `expectFilled` expects. */
async function fill({ state, saveCreds }, account) {
  state.creds.me = { id: account }
  const records = {
    session: { peer: { account } },
    'sender-key': { 'g@g.us::1::0': Buffer.from(account) },
    'sender-key-memory': { 'g@g.us': { '1@s.whatsapp.net': true } },
  }
  await Promise.all([saveCreds(), state.keys.set(records)])
}

/** Asserts that opening an account finds what was written to it. */
async function expectFilled(store, accounts) {
  for (const account of accounts) {
    const { state } = await store.useAuthState(account)
    expect(state.creds.me).toEqual({ id: account })
    expect(await state.keys.get('session', ['peer'])).toEqual({ peer: { account } })
    expect(await state.keys.get('sender-key', ['g@g.us::1::0'])).toEqual({
      'g@g.us::1::0': Buffer.from(account),
    })
    expect(await state.keys.get('sender-key-memory', ['g@g.us'])).toEqual({
      'g@g.us': { '1@s.whatsapp.net': true },
    })
  }
}

module.exports = { ODD, OTHER, World, expectFilled, fill }
