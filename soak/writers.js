'use strict'

/** Strands over several accounts of a store, that write until they are stopped. */

const { setTimeout: delay } = require('node:timers/promises')
const { Strand, storedStrand } = require('./strand')
const { promise, requireWhole } = require('./verdict')

/** How long it is waited for what every strand has to do. */
const GIVE_UP_AFTER_MS = 30_000

class Writers {
  refused = 0
  strands = []
  #listeners
  #runs
  #broken

  /**
   * @param {{ onRefused?: Function, onAcknowledged?: Function }} listeners get the strand, how long the call took in ms, and
   *   the error; when they throw, the run is broken
   */
  constructor({ onRefused = () => {}, onAcknowledged = () => {} }) {
    this.#listeners = { onRefused, onAcknowledged }
  }

  /** Opens the accounts of a world and begins to write. */
  async start(world, store, names) {
    for (const account of world.accounts) {
      const handle = await store.useAuthState(account)
      for (const name of names) {
        const strand = new Strand({ handle, marks: world.marks, name })
        this.strands.push(
          Object.assign(strand, { account, where: `${account}, ${name}`, refused: 0 }),
        )
      }
    }
    const { onAcknowledged, onRefused } = this.#listeners
    const listeners = {
      onAcknowledged,
      onRefused: (strand, ...rest) => {
        this.refused++
        strand.refused++
        return onRefused(strand, ...rest)
      },
    }
    const runs = this.strands.map((strand) => strand.run(listeners))
    this.#runs = Promise.all(runs).catch((error) => {
      this.#broken = error
    })
  }

  /** Throws what broke the run, if anything did. */
  check() {
    if (this.#broken) throw this.#broken
  }

  /** Resolves when every strand has written once more, to how long that took in ms. */
  untilWritten() {
    return this.#untilMore('acknowledged', 'every strand writes again once the cause is gone')
  }

  /** Resolves when every strand was refused once more. */
  untilRefused() {
    return this.#untilMore('refused', 'every strand is refused')
  }

  async #untilMore(count, what) {
    const before = new Map(this.strands.map((strand) => [strand, strand[count]]))
    const from = performance.now()
    while (this.strands.some((strand) => strand[count] <= before.get(strand))) {
      this.check()
      promise(performance.now() - from < GIVE_UP_AFTER_MS, what)
      await delay(2)
    }
    return performance.now() - from
  }

  async stop() {
    for (const strand of this.strands) strand.isStopped = true
    await this.#runs
    this.check()
  }

  /** Compares what the handles and the database hold with what was acknowledged; gives how many sets that is. */
  async verify(world) {
    let sets = 0
    for (const account of world.accounts) {
      const stored = await world.stored(account)
      for (const strand of this.strands.filter((each) => each.account === account)) {
        const held = await strand.read()
        const kept = await storedStrand(stored, world.marks, strand.name)
        requireWhole(held, strand, strand.where)
        requireWhole(kept, strand, strand.where)
        promise(held.n === kept.n, `the cache agrees with the database (${strand.where})`)
        sets += strand.acknowledged
      }
    }
    return sets
  }
}

module.exports = { Writers }
