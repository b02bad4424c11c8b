'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const readline = require('node:readline')
const { pathToFileURL } = require('node:url')
const { Conditions } = require('../conditions')

const PRELOAD = pathToFileURL(path.join(__dirname, 'preload.mjs')).href
const PROGRAM = path.join(__dirname, '../../../examples/backend/src/main.ts')
const KEPT_ERRORS = 2_000

/** The example backend's program, as it is started in production; what it does is told by its log. */
class Backend {
  /** Lines of its log, parsed. */
  log = []
  #process
  #ended
  #errors = ''
  #conditions = new Conditions()

  constructor(accounts, env) {
    this.#process = spawn(process.execPath, ['--import', PRELOAD, PROGRAM, ...accounts], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines = readline.createInterface({ input: this.#process.stdout })
    lines.on('line', (line) => this.#read(line))
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERRORS)
    })
    this.#ended = Promise.all([once(this.#process, 'exit'), once(lines, 'close')]).then(([end]) => {
      this.#conditions.end(() => `the backend has ended:\n${this.#errors}`)
      return { code: end[0], signal: end[1] }
    })
  }

  #read(line) {
    // libsignal prints to the console what it thinks worth knowing.
    if (!line.startsWith('{"level"')) return
    this.log.push(JSON.parse(line))
    this.#conditions.look()
  }

  /** Its log's lines with this message. */
  said(message) {
    return this.log.filter(({ msg }) => msg === message)
  }

  /** Resolves with its first line with this message. */
  until(message) {
    return this.#conditions.met(() => this.said(message)[0])
  }

  /** Ends it; resolves with `code` and `signal` when it has. */
  end(signal) {
    this.#process.kill(signal)
    return this.#ended
  }
}

module.exports = { Backend }
