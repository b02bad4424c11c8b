'use strict'

/** Writers in processes of their own, and the account of what was acknowledged to them. */

const { setTimeout: delay } = require('node:timers/promises')
const { startChild } = require('../__test__/support/child')
const { storedStrand } = require('./strand')
const { promise, requireWhole } = require('./verdict')

const WRITER = require.resolve('./writer')
/** How long it is waited for a writer to go on. */
const GIVE_UP_AFTER_MS = 30_000

class Load {
  acknowledged = 0
  /** Sets that were under way when their writer ended, and had been committed. */
  foundDone = 0
  /** Refused sets by code. */
  refused = {}
  #world
  #said
  #strands
  #children = []
  /** By account and strand: the numbers of the last acknowledged and of the last possible set. */
  #books = new Map()

  constructor({ world, said, strands }) {
    this.#world = world
    this.#said = said
    this.#strands = strands
  }

  /** Starts a writer, to all accounts if nothing is said. `reopens`: it opens again what it loses. */
  start({ env = {}, accounts = this.#world.accounts, reopens = false } = {}) {
    const { marks, environment } = this.#world
    const LOAD = JSON.stringify({ accounts, marks, strands: this.#strands, reopens })
    let lastWords = ''
    const onOutput = (text) => {
      this.#said.print(text)
      lastWords = (lastWords + text).slice(-2_000)
    }
    const child = startChild(WRITER, { ...environment, LOAD, ...env }, { onOutput })
    this.#children.push(child)
    const lastAt = new Map()
    let broken
    const begun = new Promise((resolve, reject) => {
      child.onMessage((message) => {
        try {
          this.#note(message)
        } catch (error) {
          broken ??= error
          reject(error)
        }
        if (!message.at) return
        writer.longestGap = Math.max(
          writer.longestGap,
          message.at - (lastAt.get(message.account) ?? message.at),
        )
        lastAt.set(message.account, message.at)
        if (lastAt.size === accounts.length) resolve()
      })
      child.ended.then(({ code, signal }) =>
        reject(new Error(`the writer ended with ${signal ?? code}: ${lastWords}`)),
      )
    })
    // Who does not wait for it is told by the writer's end.
    begun.catch(() => {})
    const end = async (how) => {
      const ended = await how()
      if (broken) throw broken
      return ended
    }
    const writer = {
      /** The longest time in which an account had no write acknowledged, in ms. */
      longestGap: 0,
      /** Resolves when every account has written. */
      begun,
      /** Resolves to the time from `since` to the first later write of the account that needed the longest, in ms. */
      async backAfter(since) {
        const slowest = () => Math.min(...lastAt.values())
        const deadline = Date.now() + GIVE_UP_AFTER_MS
        while (slowest() <= since) {
          if (broken) throw broken
          promise(Date.now() < deadline, 'the writer goes on by itself when there is a server')
          await delay(5)
        }
        return slowest() - since
      },
      kill: () => end(() => child.kill()),
      stop: () =>
        end(() => {
          child.tell('stop')
          return child.drained
        }),
    }
    return writer
  }

  /**
   * Compares what the database holds with what was acknowledged before it is looked at. While the writer goes on, what it
   * has called since may be there, too.
   */
  async verifyStored({ goesOn = false } = {}) {
    for (const account of this.#world.accounts) {
      const acknowledged = this.#strands.map((name) => this.#book(account, name).acknowledged)
      const stored = await this.#world.stored(account)
      for (const [at, name] of this.#strands.entries()) {
        const found = await storedStrand(stored, this.#world.marks, name)
        const called = goesOn ? Infinity : this.#book(account, name).called
        requireWhole(found, { acknowledged: acknowledged[at], called }, `${account}, ${name}`)
      }
    }
  }

  /** Ends the writers that are left. */
  async end() {
    await Promise.all(this.#children.map((child) => child.kill()))
  }

  #book(account, name) {
    const key = `${account}/${name}`
    if (!this.#books.has(key)) this.#books.set(key, { acknowledged: 0, called: 0 })
    return this.#books.get(key)
  }

  #note({ account, name, found, called, acknowledged, refused }) {
    const book = this.#book(account, name)
    if (found) {
      requireWhole(found, book, `${account}, ${name}`)
      if (found.n > book.acknowledged) this.foundDone++
      book.acknowledged = found.n
      book.called = found.n + (name === 'creds' ? 0 : 1)
    } else if (called) {
      book.called = called
    } else if (acknowledged) {
      this.acknowledged++
      book.acknowledged = acknowledged
      // The next one may be under way.
      book.called = Math.max(book.called, acknowledged + (name === 'creds' ? 0 : 1))
    } else if (refused) {
      this.refused[refused] = (this.refused[refused] ?? 0) + 1
    } else {
      promise(false, 'the writer speaks as it should')
    }
  }
}

/** Runs this with a load whose writers end with it. */
async function underLoad(options, work) {
  const load = new Load(options)
  try {
    return await work(load)
  } finally {
    await load.end()
  }
}

module.exports = { underLoad }
