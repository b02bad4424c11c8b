'use strict'

/** Sessions that are written once, and read after whatever happens to them. */

const { promise } = require('./verdict')

/** So many of them are read. */
const READ = 100

class Idle {
  accounts
  #world

  constructor(world, count) {
    this.#world = world
    this.accounts = Array.from({ length: count }, (_, at) => `idle-${at + 1}`)
  }

  async fill() {
    const store = this.#world.store()
    await Promise.all(
      this.accounts.map(async (account) => {
        await this.#world.db.addAccount(account)
        const { state, saveCreds } = await store.useAuthState(account)
        state.creds.me = { id: account }
        await Promise.all([saveCreds(), state.keys.set({ session: { peer: { account } } })])
      }),
    )
    await store.close()
  }

  /** Reads some of them, through a store of its own. */
  async verify(onLost = () => {}) {
    const store = this.#world.store()
    const step = Math.ceil(this.accounts.length / READ)
    for (const account of this.accounts.filter((_, at) => at % step === 0)) {
      const { state } = await store.useAuthState(account)
      const { peer } = await state.keys.get('session', ['peer'])
      const isWhole = state.creds.me?.id === account && peer?.account === account
      if (!isWhole) onLost()
      promise(isWhole, `a session is what it was (${account})`)
    }
    await store.close()
  }
}

module.exports = { Idle }
