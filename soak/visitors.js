'use strict'

/** Accounts that are paired, and opened again and again while something fails: each is what it was, or cannot be had. */

const { promise } = require('./verdict')

const UNREACHABLE = ['ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT']

class Visitors {
  opens = 0
  refused = 0
  isStopped = false
  #world
  #said
  /** By account: its registration id. */
  #identities = new Map()

  constructor({ world, said }) {
    this.#world = world
    this.#said = said
  }

  /** Pairs accounts and lets go of them. */
  async pair(accounts) {
    const store = this.#world.store()
    for (const account of accounts) {
      const { state, saveCreds } = await store.useAuthState(account)
      const { value } = this.#world.marks
      Object.assign(state.creds, { registered: true, additionalData: { value } })
      await saveCreds()
      this.#identities.set(account, state.creds.registrationId)
    }
    await store.close()
  }

  /** Opens them until it is stopped. `time` runs each open. */
  async run(options, time = (open) => open()) {
    while (!this.isStopped) {
      // A new store each time, which has everything to ask.
      const store = this.#world.store(options)
      for (const [account, registrationId] of this.#identities) {
        try {
          const { state } = await time(() => store.useAuthState(account))
          const isSame = state.creds.registrationId === registrationId && state.creds.registered
          promise(isSame, 'an open finds the session that there is, never a fresh one')
          this.opens++
        } catch (error) {
          this.#said.error(error)
          if (!UNREACHABLE.includes(error.code)) throw error
          this.refused++
        }
      }
      await store.close().catch(this.#said.error)
    }
  }
}

module.exports = { UNREACHABLE, Visitors }
