'use strict'

const path = require('node:path')
const { startChild } = require('../support/child')
const { Conditions } = require('./conditions')

const PROGRAM = path.join(__dirname, '../support/whatsapp/client.mjs')
const KEPT_OUTPUT = 2_000

/** The test's side of a client: what it has told so far, and a way to wait for more. */
class Client {
  /** By kind; `asked` is that Baileys wants a message it has sent, to send it again. */
  told = {
    code: [],
    open: [],
    message: [],
    unreadable: [],
    asked: [],
    sent: [],
    closed: [],
    cleared: [],
    superseded: [],
    unhandled: [],
  }
  #child
  #conditions = new Conditions()
  #hasEnded = false
  #output = ''

  constructor(account, env) {
    this.account = account
    // libsignal prints sessions, private keys and all, when it closes one.
    this.#child = startChild(PROGRAM, env, { onOutput: (text) => this.#keep(text) })
    this.#child.onMessage(({ event, ...details }) => {
      this.told[event].push(details)
      this.#conditions.look()
    })
    this.#child.drained.then(({ code, signal }) => {
      this.#hasEnded = true
      this.#conditions.end(() => `${account} has ended with ${signal ?? code}:\n${this.#output}`)
    })
  }

  #keep(text) {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
  }

  call(method, ...args) {
    return this.#child.call(method, ...args)
  }

  /** Resolves when what it has told fulfils a condition; rejects when it has ended and does not. */
  when(condition) {
    return this.#conditions.met(() => condition(this.told))
  }

  /** Resolves when it has told so many of a kind, with the last of them. */
  async until(kind, count = 1) {
    await this.when((told) => told[kind].length >= count)
    return this.told[kind][count - 1]
  }

  /** Resolves when it has got all of these texts, in whichever order. */
  untilTexts(...texts) {
    return this.when(() => texts.every((text) => this.texts.includes(text)))
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
    if (this.#hasEnded) return
    await this.call('stop')
    await this.#child.stop()
  }
}

module.exports = { Client }
