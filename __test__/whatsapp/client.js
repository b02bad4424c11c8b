'use strict'

const path = require('node:path')
const { startChild } = require('../support/child')

const PROGRAM = path.join(__dirname, '../support/whatsapp/client.mjs')

/** The test's side of a client: what it has told so far, and a way to wait for more. */
class Client {
  /** By kind: `code`, `open`, `message`, `unreadable`, `sent`, `closed`, `cleared`, `superseded`. */
  told = {
    code: [],
    open: [],
    message: [],
    unreadable: [],
    sent: [],
    closed: [],
    cleared: [],
    superseded: [],
  }
  #child
  #waiting = new Set()
  #end

  constructor(account, env) {
    this.account = account
    this.#child = startChild(PROGRAM, env)
    this.#child.onMessage(({ event, ...details }) => {
      this.told[event].push(details)
      this.#look()
    })
    this.#child.drained.then(({ code, signal }) => {
      this.#end = signal ?? code
      this.#look()
    })
  }

  #look() {
    for (const look of this.#waiting) look()
  }

  call(method, ...args) {
    return this.#child.call(method, ...args)
  }

  /** Resolves when it has told so many of a kind, with the last of them. */
  async until(kind, count = 1) {
    await new Promise((resolve, reject) => {
      const look = () => {
        if (this.told[kind].length < count && this.#end === undefined) return
        this.#waiting.delete(look)
        if (this.told[kind].length >= count) resolve()
        else reject(new Error(`${this.account} ended with ${this.#end} before its ${kind} ${count}`))
      }
      this.#waiting.add(look)
      look()
    })
    return this.told[kind][count - 1]
  }

  /** Texts of the messages it has got, in order. */
  get texts() {
    return this.told.message.map(({ text }) => text)
  }

  kill() {
    return this.#child.kill()
  }

  /** Ends it in good order, if it still runs. */
  async stop() {
    if (this.#end !== undefined) return
    await this.call('stop')
    await this.#child.stop()
  }
}

module.exports = { Client }
