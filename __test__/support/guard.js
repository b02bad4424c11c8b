'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')

/** The starter's side of `postgres-guard.js`, which ends a server and removes its folder when the starter is gone. */
class Guard {
  #process
  #gone

  constructor(home) {
    this.#process = spawn(process.execPath, [path.join(__dirname, 'postgres-guard.js'), home], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#gone = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.stdin.on('error', () => {})
    this.#process.unref()
    this.#process.stdin.unref()
  }

  /** From now on it is to end this process, until that ends by itself. */
  watch(child) {
    this.#process.stdin.write(`${child.pid ?? 0}\n`)
    child.once('exit', () => this.#process.stdin.writable && this.#process.stdin.write('0\n'))
  }

  /** Has it do its work; resolves when it is done. */
  async end() {
    this.#process.ref()
    this.#process.stdin.end()
    await this.#gone
  }
}

module.exports = { Guard }
