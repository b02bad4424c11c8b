'use strict'

// A backend of its own that owns accounts and writes to them without pause until it loses them; ordered about by
// `startChild`. Started with the accounts that are its own for good.

const { EventEmitter } = require('node:events')
const { createSessionStore } = require('..')
const { serve } = require('../__test__/support/child')

const STRANDS = ['one', 'two']

/** Writes that were acknowledged before an account was lost, and of which the process may hear after it. */
const MOST_UNDER_WAY = 10

/** How often the store said that an account was lost. */
const losses = new Map()
let unhandled = 0

process.on('unhandledRejection', () => {
  unhandled++
})

const store = createSessionStore({
  onSuperseded: (account) => losses.set(account, (losses.get(account) ?? 0) + 1),
})

/** Each set writes four records of a strand, with one number. */
const setOf = (strand, n) => ({
  session: { [strand]: { n } },
  'pre-key': { [`${strand}-${n % 5}`]: { n } },
  'sender-key': { [strand]: Buffer.from(JSON.stringify({ n })) },
  'sender-key-memory': { [strand]: { n } },
})

/** The number that each of a strand's four records holds. */
async function numbersOf({ keys }, strand) {
  const n = (await keys.get('session', [strand]))[strand]?.n ?? 0
  const id = `${strand}-${n % 5}`
  const senderKey = (await keys.get('sender-key', [strand]))[strand]
  return [
    n,
    (await keys.get('pre-key', [id]))[id]?.n ?? 0,
    JSON.parse(senderKey?.toString() ?? '{"n":0}').n,
    (await keys.get('sender-key-memory', [strand]))[strand]?.n ?? 0,
  ]
}

/** An account that is open here, and is written to until a write is refused. */
class Tenure {
  /** By strand, and `creds`: the last number that was acknowledged, and the last that was called. */
  acknowledged = {}
  called = {}
  /** Acknowledged calls. */
  writes = 0
  /** Refused calls by code. */
  refused = {}
  #handle
  #update = new EventEmitter()
  #told = []
  #isStopped = false

  constructor(handle) {
    this.#handle = handle
    this.#update.on('creds.update', handle.saveCreds)
  }

  /** What it finds, as far as it was written here and elsewhere; starts to write on. */
  async start() {
    const { state } = this.#handle
    const found = { creds: [state.creds.accountSyncCounter ?? 0] }
    for (const strand of STRANDS) found[strand] = await numbersOf(state, strand)
    for (const [name, [n]] of Object.entries(found)) {
      this.acknowledged[name] = n
      this.called[name] = n
    }
    this.ended = Promise.all([...STRANDS.map((strand) => this.#write(strand)), this.#save()])
    return found
  }

  async #write(strand) {
    const { keys } = this.#handle.state
    await this.#repeat(strand, (n) => {
      // As an application has it: nobody awaits this one.
      this.#update.emit('creds.update', {})
      return keys.set(setOf(strand, n))
    })
  }

  async #save() {
    const { state, saveCreds } = this.#handle
    await this.#repeat('creds', (n) => {
      state.creds.accountSyncCounter = n
      return saveCreds()
    })
  }

  async #repeat(name, write) {
    while (!this.#isStopped) {
      this.called[name]++
      try {
        await write(this.called[name])
      } catch (error) {
        this.refuse(error)
        break
      }
      this.acknowledged[name] = this.called[name]
      this.writes++
      this.#tell()
    }
    this.#isStopped = true
    this.#tell()
  }

  #tell() {
    for (const told of this.#told.splice(0)) told()
  }

  refuse({ code = 'no code' }) {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }

  /** Resolves when so many calls were acknowledged, or none can be any more. */
  async hasWritten(writes) {
    while (this.writes < writes && !this.#isStopped) {
      await new Promise((resolve) => this.#told.push(resolve))
    }
  }

  /** Resolves when it has lost the account in all that it does, also in what it tries once more. Somebody else has it. */
  async end() {
    await this.hasWritten(this.writes + MOST_UNDER_WAY)
    if (!this.#isStopped) throw new Error('broken: an owner that has lost its account writes on')
    await this.ended
    const { state, saveCreds } = this.#handle
    for (const late of [saveCreds(), state.keys.set(setOf('one', -1)), state.keys.clear()]) {
      await late.then(
        () => this.refuse({ code: 'none: a late write was accepted' }),
        (error) => this.refuse(error),
      )
    }
    const { acknowledged, called, writes, refused } = this
    return { acknowledged, called, writes, refused }
  }

  async stop() {
    this.#isStopped = true
    await this.ended
    const { writes, refused } = this
    return { writes, refused }
  }
}

const tenures = new Map()

serve({
  /** Opens an account and writes to it; gives the numbers that it has found. */
  async open(account) {
    const tenure = new Tenure(await store.useAuthState(account))
    tenures.set(account, tenure)
    return tenure.start()
  },
  hasWritten: (account, writes) => tenures.get(account).hasWritten(writes),
  /** Makes sure that an account is lost; gives what was acknowledged and refused, and what the store said since the last time. */
  async lose(account) {
    const lost = await tenures.get(account).end()
    const said = losses.get(account) ?? 0
    losses.delete(account)
    return { ...lost, said }
  },
  clear: (account) => store.clear(account),
  /** Acknowledged and refused calls of an account that nobody takes. */
  progress(account) {
    const { writes, refused } = tenures.get(account)
    return { writes, refused, said: losses.get(account) ?? 0 }
  },
  async stop(account) {
    return tenures.get(account).stop()
  },
  async end() {
    await store.close()
    return { unhandled }
  },
})
