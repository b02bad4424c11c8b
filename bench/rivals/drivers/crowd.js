'use strict'

/** Callers that write session records to one or many accounts, one set (or get and set) after another each. */

const { performance } = require('node:perf_hooks')
const { accountId, contactId, sessionRecord, use, writeOf } = require('../../records')
const { FILL_RECORDS, forEach, openFilled } = require('./filling')

/** One caller: it owns its contacts' records, so that the value acknowledged last is the one that has to be stored. */
class Caller {
  #keys
  #contacts
  #writes = 0

  constructor(keys, contacts) {
    this.#keys = keys
    this.#contacts = contacts.map((contact) => ({
      contact,
      id: contactId(contact),
      acknowledged: 0,
      record: sessionRecord(contact),
    }))
  }

  get size() {
    return this.#contacts.length
  }

  #next() {
    const entry = this.#contacts[this.#writes % this.#contacts.length]
    this.#writes += 1
    return [entry, this.#writes]
  }

  async set() {
    const [entry, write] = this.#next()
    use(entry.record, write)
    await this.#keys.set({ session: { [entry.id]: entry.record } })
    entry.acknowledged = write
  }

  /** What a message costs: the record is read, used, and written. */
  async step() {
    const [entry, write] = this.#next()
    const { [entry.id]: record } = await this.#keys.get('session', [entry.id])
    if (writeOf(record) !== entry.acknowledged) {
      throw new Error('a get gave another record than the one acknowledged last')
    }
    use(record, write)
    await this.#keys.set({ session: { [entry.id]: record } })
    entry.acknowledged = write
  }

  acknowledged() {
    return this.#contacts.map(({ contact, acknowledged }) => [contact, acknowledged])
  }
}

class Crowd {
  #accounts
  #callers
  #turn

  /**
   * Opens and fills `accounts` accounts of `records` records, with `callers` callers each, who write `touched` of
   * these records, spread evenly.
   */
  static async open(store, { accounts, callers, records, touched = records, step = false }) {
    const crowd = new Crowd()
    crowd.#turn = step ? (caller) => caller.step() : (caller) => caller.set()
    crowd.#accounts = Array.from({ length: accounts }, (_, number) => ({ id: accountId(number) }))
    await forEach(crowd.#accounts, async (account) => {
      const { state } = await openFilled(store, account.id, records)
      account.callers = Array.from({ length: callers }, (_, index) => {
        const contacts = []
        for (let nth = index; nth < touched; nth += callers) {
          contacts.push(Math.floor((nth * records) / touched))
        }
        return new Caller(state.keys, contacts)
      })
    })
    crowd.#callers = crowd.#accounts.flatMap((account) => account.callers)
    return crowd
  }

  /** Every caller goes on until `isOver(turns, caller)`; gives each turn's time in ms. */
  async #run(isOver) {
    const times = []
    await Promise.all(
      this.#callers.map(async (caller) => {
        let turns = 0
        do {
          const start = performance.now()
          await this.#turn(caller)
          times.push(performance.now() - start)
          turns += 1
        } while (!isOver(turns, caller))
      }),
    )
    return times
  }

  /** Writes every record once, or as many as there is time for. */
  pass(seconds) {
    const deadline = performance.now() + seconds * 1e3
    return this.#run((turns, { size }) => turns >= size || performance.now() >= deadline)
  }

  drive(seconds) {
    const deadline = performance.now() + seconds * 1e3
    return this.#run(() => performance.now() >= deadline)
  }

  /** By account, the contacts written to and the number of the write acknowledged last. */
  acknowledged() {
    return this.#accounts.map(({ id, callers }) => [
      id,
      callers.flatMap((caller) => caller.acknowledged()),
    ])
  }
}

/** How many records a store gives with another value than the one acknowledged last, or not at all. */
async function countLost(store, acknowledged) {
  let lost = 0
  await forEach(acknowledged, async ([id, contacts]) => {
    const { state } = await store.open(id)
    for (let from = 0; from < contacts.length; from += FILL_RECORDS) {
      const batch = contacts.slice(from, from + FILL_RECORDS)
      const stored = await state.keys.get(
        'session',
        batch.map(([contact]) => contactId(contact)),
      )
      for (const [contact, write] of batch) {
        const record = sessionRecord(contact)
        use(record, write)
        if (JSON.stringify(stored[contactId(contact)]) !== JSON.stringify(record)) lost += 1
      }
    }
  })
  return lost
}

module.exports = { Crowd, countLost }
