'use strict'

const { randomInt } = require('node:crypto')
const { once } = require('node:events')
const { isDeepStrictEqual } = require('node:util')

const JITTER_ANSWERS = 30

const isSend = ({ method }) => method.startsWith('send')
const isReceive = ({ method }) => method === 'receive'

/**
 * The crashes: of the process that holds the accounts, and of PostgreSQL; and what must be true
 * after them.
 */
class Crashes {
  #accounts
  #server
  #report
  #wire
  #creds
  #killed = { accounts: 0, postgres: 0 }
  #cutOff = 0
  #secondsToOpen = []

  /** `creds` maps an account's id to its credentials as last saved. */
  constructor({ accounts, server, report, wire, creds }) {
    this.#accounts = accounts
    this.#server = server
    this.#report = report
    this.#wire = wire
    this.#creds = creds
  }

  /** SIGKILL for the process that holds the accounts; a new one goes on from the database. */
  async killAccounts(afterAnswers) {
    await this.#midTraffic(afterAnswers)
    const cutOff = await this.#accounts.kill()
    this.#killed.accounts++
    this.#cutOff += cutOff.length
    const sends = cutOff.filter(isSend).length
    const receives = cutOff.filter(isReceive).length
    this.#report.check(
      sends > 0 && receives > 0,
      `accounts killed with SIGKILL while ${sends} messages were being sent and ${receives} read`,
    )
    const started = performance.now()
    await this.#accounts.restart(async () => {
      await this.#checkCreds(cutOff)
      this.#secondsToOpen.push((performance.now() - started) / 1000)
      await this.#checkSteps(cutOff)
    })
  }

  /** SIGKILL for PostgreSQL and all its children, under the writes of the accounts. */
  async killPostgres(afterAnswers) {
    await this.#midTraffic(afterAnswers)
    await this.#server.kill()
    this.#killed.postgres++
    const open = this.#accounts.open.length
    await this.#server.restart()
    this.#report.check(open > 0, `PostgreSQL killed with SIGKILL while ${open} requests were open`)
  }

  /**
   * Waits for about so many more answers, and for a moment at which both kinds of steps are open.
   */
  async #midTraffic(answers) {
    const enough = this.#accounts.answers + answers + randomInt(JITTER_ANSWERS)
    const reached = () => {
      const { open } = this.#accounts
      return this.#accounts.answers >= enough && open.some(isSend) && open.some(isReceive)
    }
    while (!reached()) await once(this.#accounts, 'answer')
  }

  async #checkCreds(cutOff) {
    let asSaved = 0
    for (const [accountId, saved] of this.#creds) {
      const found = await this.#accounts.askNow(accountId, 'open')
      const underWay = cutOff.find(
        (request) => request.accountId === accountId && request.method === 'syncCreds',
      )
      const counters = [saved.accountSyncCounter, underWay?.args.counter]
      const { accountSyncCounter, ...rest } = found
      const same = isDeepStrictEqual({ ...rest, accountSyncCounter: counters[0] }, saved)
      if (same && counters.includes(accountSyncCounter)) asSaved++
    }
    this.#report.check(
      asSaved === this.#creds.size,
      `credentials of ${asSaved} of ${this.#creds.size} accounts are as last saved`,
    )
  }

  async #checkSteps(cutOff) {
    const { steps, lost, replays, accepted } = await this.#wire.audit(cutOff)
    this.#report.check(lost === 0, `${lost} of the ${steps} newest acknowledged steps are lost`)
    this.#report.check(
      accepted === 0,
      `${accepted} of ${replays} messages can be read a second time`,
    )
  }

  /** The figures, as `[name, value]`. */
  table() {
    const { accounts, postgres } = this.#killed
    const slowest = Math.max(...this.#secondsToOpen).toFixed(1)
    return [
      ['crashes survived', `${accounts} of the accounts' process, ${postgres} of PostgreSQL`],
      ['cut off by them', `${this.#cutOff} requests, ${this.#wire.foundDone} already committed`],
      ['back after a crash', `in ${slowest} s at most: Node.js, Baileys, all accounts open`],
    ]
  }
}

module.exports = { Crashes }
