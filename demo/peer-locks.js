'use strict'

/**
 * Lets only one operation of this process at a time touch the sessions with one device, whichever
 * account it is of.
 *
 * This is for libsignal, whatever the store: its job queue is global to the process and keyed by
 * the remote device alone, and a queued job runs in the transaction of the job that started the
 * queue. In Baileys 7 two accounts that talk to the same contact at the same time, or one that
 * sends while it receives from him, write into each other's transactions and lose messages, even on
 * a store in memory.
 */
class PeerLocks {
  #tails = new Map()

  async hold(devices, work) {
    const releases = []
    // In one order for all, so that no two wait for each other.
    for (const device of [...devices].sort()) releases.push(await this.#take(device))
    try {
      return await work()
    } finally {
      for (const release of releases) release()
    }
  }

  async #take(device) {
    const before = this.#tails.get(device)
    let release
    this.#tails.set(device, new Promise((resolve) => (release = resolve)))
    await before
    return release
  }
}

module.exports = { PeerLocks }
