'use strict'

/** An account that is paired: its pre-keys are stored in one call. */

const { accountId, preKey } = require('../../records')

/** What Baileys 7 makes at pairing. */
const PRE_KEYS = 812

class Uploader {
  #keys
  #data

  static async open(store) {
    const uploader = new Uploader()
    const { state, saveCreds } = await store.open(accountId(0))
    await saveCreds()
    uploader.#keys = state.keys
    const ids = Array.from({ length: PRE_KEYS }, (_, index) => String(index + 1))
    uploader.#data = Object.fromEntries(ids.map((id) => [id, preKey()]))
    return uploader
  }

  upload() {
    return this.#keys.set({ 'pre-key': this.#data })
  }

  /** Makes the account again one that has none. */
  forget() {
    const gone = Object.fromEntries(Object.keys(this.#data).map((id) => [id, null]))
    return this.#keys.set({ 'pre-key': gone })
  }

  async countLost() {
    const stored = await this.#keys.get('pre-key', Object.keys(this.#data))
    return Object.entries(this.#data).filter(
      ([id, pair]) =>
        !pair.private.equals(stored[id]?.private) || !pair.public.equals(stored[id]?.public),
    ).length
  }
}

module.exports = { PRE_KEYS, Uploader }
