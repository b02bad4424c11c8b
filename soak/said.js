'use strict'

/**
 * All that is printed while a fault runs: this process' output, the output of those it starts, log lines, and errors in
 * each of their forms. None of it may hold a secret, a password, a value or a record's id of that run.
 */

const { printedForms, printingLogger } = require('../__test__/support/printed')
const { findReadable } = require('../__test__/support/readable')

/** Shorter ones could be found by chance. */
const SHORTEST = 12
/** So much is kept before it is searched; the end stays, for what is printed in parts. */
const CHUNK = 1 << 20
const OVERLAP = 4_096

class Said {
  bytes = 0
  #hidden = []
  #kept = ''
  #found = new Set()

  /** These texts may be printed nowhere, neither as they are nor in hex or base64; `what` says what each of them is. */
  hide(what, ...texts) {
    for (const text of texts) {
      if (text.length < SHORTEST) throw new Error(`${what} is too short to be looked for`)
      this.#hidden.push({ what, bytes: Buffer.from(text) })
    }
  }

  /** Takes down a text. */
  print = (text) => {
    this.bytes += text.length
    // Without anything between them: an output may be cut anywhere.
    this.#kept += text
    if (this.#kept.length > CHUNK) this.#search()
  }

  /** Takes down what could be printed of an error. */
  error = (error) => {
    for (const text of printedForms(error)) this.print(text)
  }

  /** Baileys' `ILogger`, which takes everything down. */
  logger = printingLogger(this.print)

  /** Runs this, takes down what this process prints meanwhile, and searches it all. */
  async during(work) {
    const restore = [process.stdout, process.stderr].map((stream) => this.#overhear(stream))
    try {
      return await work()
    } catch (error) {
      this.error(error)
      throw error
    } finally {
      for (const each of restore) each()
      this.#search()
      this.#expectNothing()
    }
  }

  #overhear(stream) {
    const { write } = stream
    stream.write = (chunk, ...rest) => {
      this.print(String(chunk))
      return write.call(stream, chunk, ...rest)
    }
    return () => {
      stream.write = write
    }
  }

  #search() {
    const bytes = this.#hidden.map((each) => each.bytes)
    for (const index of findReadable(bytes, Buffer.from(this.#kept))) {
      this.#found.add(this.#hidden[index].what)
    }
    this.#kept = this.#kept.slice(-OVERLAP)
  }

  #expectNothing() {
    if (this.#found.size > 0) {
      throw new Error(`it was printed what nobody may see: ${[...this.#found].join(', ')}`)
    }
  }
}

module.exports = { Said }
