'use strict'

const { isDeepStrictEqual } = require('node:util')

const { reviveType } = require('./reference')
const { Written, fingerprint } = require('./trace')

// Marks at which the recorded application closed its socket and read its state again.
const restarts = new Set(['restart-after-pairing', 'connect-paired', 'restart', 'reconnect'])

/**
 * Makes the recorded calls of one account, with their recorded overlap: a call starts when those have ended that had ended
 * by then in the recording, and no sooner.
 */
class Replay {
  written = new Written()
  /** Ids whose answer was checked. */
  answers = 0
  /** Gets that were recorded with the value of a set that was called later. */
  overtaken = 0
  creds = null
  #inFlight = []

  /**
   * @param {object} baileys
   * @param {() => Promise<object>} open opens the account
   */
  constructor(baileys, open) {
    this.baileys = baileys
    this.open = open
  }

  async run(lines) {
    this.handle = await this.open()
    for (const line of lines) {
      await this.#endedBefore(line.s)
      if (line.t === 'get') this.#start(line, this.#get(line))
      else if (line.t === 'set') this.#start(line, this.#set(line))
      else if (line.t === 'creds') this.#changeCreds(line)
      else if (line.t === 'mark' && restarts.has(line.k)) await this.#restart()
    }
    await this.#endedBefore(Infinity)
  }

  #start({ e }, promise) {
    // Awaited later: until then a failure is not an unhandled one.
    promise.catch(() => {})
    this.#inFlight.push({ e, promise })
  }

  async #endedBefore(s = 0) {
    const ended = this.#inFlight.filter(({ e }) => e < s)
    this.#inFlight = this.#inFlight.filter(({ e }) => e >= s)
    await Promise.all(ended.map(({ promise }) => promise))
  }

  async #get({ i, type, ids, ret }) {
    const atCall = ids.map((id) => this.written.fingerprint(type, id))
    const answer = await this.handle.state.keys.get(type, ids)
    const read = ids.map((id) => this.#fingerprintOf(answer[id]))

    // A set that is called while a get is under way may come before it or after it.
    if (!isDeepStrictEqual(read, atCall)) {
      expect({ call: i, type, ids, ret: read }).toEqual({ call: i, type, ids, ret })
    }
    if (!isDeepStrictEqual(atCall, ret)) this.overtaken++
    if (Object.keys(answer).length !== new Set(ids).size) {
      throw new Error(`get ${i} was answered with other ids: ${Object.keys(answer)}`)
    }
    this.answers += ids.length
  }

  /** The recorded store gave `null` for a missing id, and so does every store here. */
  #fingerprintOf(value) {
    if (value === null) return null
    return fingerprint(this.#textOf(value))
  }

  #set({ data }) {
    const texts = this.written.apply(data)
    const values = {}
    for (const [type, byId] of Object.entries(texts)) {
      values[type] = {}
      for (const [id, text] of Object.entries(byId)) {
        values[type][id] = text && reviveType(this.baileys, type, this.#revive(text))
      }
    }
    return this.handle.state.keys.set(values)
  }

  #changeCreds({ op, v, shape }) {
    const { creds } = this.handle.state
    if (op === 'save') {
      // Nobody awaits an event listener.
      this.#start({ e: Infinity }, this.handle.saveCreds())
      this.creds = this.#textOf(creds)
      // Not the same text: the recorded application did not read its credentials again at every restart.
      expect(JSON.parse(this.creds)).toEqual(v)
      return
    }
    if (op === 'init') for (const key of Object.keys(creds)) delete creds[key]
    // The shape also names what was undefined, and so tells the order of all.
    const values = this.#revive(JSON.stringify(v))
    for (const key of Object.keys(shape)) creds[key] = values[key]
  }

  #textOf(value) {
    return JSON.stringify(value, this.baileys.BufferJSON.replacer)
  }

  #revive(text) {
    return JSON.parse(text, this.baileys.BufferJSON.reviver)
  }

  /** Opens again at once, as Baileys' applications do, with a save that may be on its way still. */
  async #restart() {
    const { creds } = this.handle.state
    this.handle = await this.open()
    if (this.creds !== null) this.expectCreds(this.handle)
    else Object.assign(this.handle.state.creds, creds)
  }

  expectCreds({ state }) {
    expect(this.#textOf(state.creds)).toBe(this.creds)
  }

  /** Asserts that everything that the trace wrote is what a handle reads. */
  async expectFinalState(handle) {
    this.expectCreds(handle)
    for (const [type, texts] of Object.entries(this.written.all())) {
      const answer = await handle.state.keys.get(type, Object.keys(texts))
      const read = Object.keys(texts).map((id) => [id, answer[id] && this.#textOf(answer[id])])
      expect(Object.fromEntries(read)).toEqual(texts)
    }
  }
}

module.exports = { Replay }
