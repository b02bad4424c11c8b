'use strict'

/** One caller that reads what an account has read before: one record after another. */

const { performance } = require('node:perf_hooks')
const { accountId, contactId, preKey } = require('../../records')
const { openFilled } = require('./filling')

class Reader {
  #keys
  #ids

  /** Opens an account with `records` session records and `preKeys` pre-keys. */
  static async open(store, { records, preKeys }) {
    const reader = new Reader()
    const { state } = await openFilled(store, accountId(0), records)
    reader.#keys = state.keys
    const pairs = Array.from({ length: preKeys }, (_, index) => [String(index + 1), preKey()])
    await state.keys.set({ 'pre-key': Object.fromEntries(pairs) })
    reader.#ids = {
      session: Array.from({ length: records }, (_, contact) => contactId(contact)),
      'pre-key': pairs.map(([id]) => id),
    }
    return reader
  }

  /** Reads until the time is up, and every record at least once; gives each get's time in ms. */
  async drive(type, seconds) {
    const deadline = performance.now() + seconds * 1e3
    const ids = this.#ids[type]
    const times = []
    let start = performance.now()
    do {
      const id = ids[times.length % ids.length]
      const { [id]: value } = await this.#keys.get(type, [id])
      if (!value) throw new Error(`a get of a ${type} gave nothing`)
      const end = performance.now()
      times.push(end - start)
      start = end
    } while (start < deadline || times.length < ids.length)
    return times
  }
}

module.exports = { Reader }
