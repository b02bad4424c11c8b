'use strict'

const { fork } = require('node:child_process')
const { EventEmitter, once } = require('node:events')
const path = require('node:path')

/**
 * The parent's side of the process that holds the accounts. Requests outlive that process: those
 * that it left unanswered are asked again of the next one. Emits `answer`, and `failed` when the
 * process ends unasked.
 */
class AccountsProcess extends EventEmitter {
  answers = 0
  /** How long each write took that the store has acknowledged, in ms. */
  acknowledged = { sets: [], saves: [] }
  #env
  #child
  #held = false
  #open = new Map()
  #lastNumber = 0

  constructor(env) {
    super()
    this.#env = { ...process.env, ...env }
  }

  start() {
    const child = fork(path.join(__dirname, 'accounts.js'), {
      // In a session of its own: Ctrl-C is for the parent, which then ends it.
      detached: true,
      env: this.#env,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child.on('message', (answer) => this.#settle(answer))
    child.on('exit', (code, signal) => {
      if (child.expected) return
      this.emit('failed', new Error(`The accounts' process ended by itself (${code ?? signal})`))
    })
    // A request that did not reach a dying process stays open.
    child.on('error', () => {})
    this.#child = child
  }

  /** Asks for something that may be asked again; waits while there is no process. */
  ask(accountId, method, args = {}) {
    return this.#request(accountId, method, args, this.#held)
  }

  /** Asks at once: for what prepares a new process before the open requests go to it. */
  askNow(accountId, method, args = {}) {
    return this.#request(accountId, method, args, false)
  }

  /** The requests that are asked and not answered. */
  get open() {
    return [...this.#open.values()].map(({ request }) => request)
  }

  /** Kills the process as a power cut would. Resolves to the requests that this left unanswered. */
  async kill() {
    this.#held = true
    await this.stop()
    return this.open
  }

  /** Starts another process, lets `prepare` run, then asks again what is open. */
  async restart(prepare) {
    const cutOff = this.open
    this.start()
    await prepare()
    this.#held = false
    for (const { number } of this.open) this.#send(number)
    return cutOff
  }

  async stop() {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.expected = true
    // What it had answered before still arrives, and counts.
    const gone = Promise.all([once(child, 'exit'), child.connected && once(child, 'disconnect')])
    child.kill('SIGKILL')
    await gone
  }

  /**
   * Has all accounts closed, and resolves to the exit status of the process, which then has to end
   * on its own.
   */
  async close() {
    this.#child.expected = true
    const exit = once(this.#child, 'exit')
    await this.askNow(undefined, 'close')
    const [code, signal] = await exit
    return code ?? signal
  }

  #request(accountId, method, args, held) {
    const number = ++this.#lastNumber
    return new Promise((resolve, reject) => {
      this.#open.set(number, { request: { number, accountId, method, args }, resolve, reject })
      if (!held) this.#send(number)
    })
  }

  #send(number) {
    // The answer to a request that cannot be sent any more is asked of the next process.
    this.#child.send(this.#open.get(number).request, () => {})
  }

  #settle({ number, value, error, writes }) {
    const { request, resolve, reject } = this.#open.get(number)
    this.#open.delete(number)
    for (const { kind, ms } of writes) this.acknowledged[kind].push(ms)
    this.answers++
    if (error) reject(new Error(`${request.method} of ${request.accountId}: ${error.message}`))
    else resolve(value)
    this.emit('answer')
  }
}

module.exports = { AccountsProcess }
