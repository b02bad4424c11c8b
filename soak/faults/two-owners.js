'use strict'

const { randomBytes, randomInt } = require('node:crypto')
const { startChild } = require('../../__test__/support/child')
const { createDatabase } = require('../../__test__/support/database')
const { promise } = require('../verdict')

/**
 * Two processes take accounts from each other while both write without pause, and clear them in the middle of it. Each has
 * an account of its own beside them, which shares its commits.
 */

const OWNER = require.resolve('../owner')

const CONTESTED = ['contested-1', 'contested-2', 'contested-3', 'contested-4']
const OWN = ['own-1', 'own-2']

const SCALES = {
  short: { takeovers: 40, clears: 12 },
  long: { takeovers: 1_000, clears: 200 },
}

/** A takeover comes after at most so many acknowledged writes of the owner. */
const MOST_WRITES = 12

class TwoOwners {
  figures = {
    takeovers: 0,
    'acknowledged writes': 0,
    'refused writes': 0,
    clears: 0,
    "writes of the processes' own accounts": 0,
    'refused of these': 0,
    'unhandled rejections': 0,
  }
  #db
  #processes
  #report

  constructor(db, processes, report) {
    this.#db = db
    this.#processes = processes
    this.#report = report
  }

  async run({ takeovers, clears }) {
    for (const [at, account] of OWN.entries()) await this.#processes[at].call('open', account)
    const share = (total, at) => Math.floor((total + at) / CONTESTED.length)
    await Promise.all(CONTESTED.map((account, at) => this.#contest(account, share(takeovers, at))))
    await Promise.all(CONTESTED.map((account, at) => this.#clearOften(account, share(clears, at))))
    await this.#end()
    return this.figures
  }

  /** The account goes to and fro. */
  async #contest(account, takeovers) {
    let owner = randomInt(2)
    await this.#call(owner, 'open', account)
    for (let takeover = 0; takeover < takeovers; takeover++) {
      await this.#call(owner, 'hasWritten', account, randomInt(MOST_WRITES + 1))
      const [older, newer] = [owner, 1 - owner]
      const found = await this.#call(newer, 'open', account)
      const lost = await this.#call(older, 'lose', account)
      this.#compare(account, found, lost, 'ERR_SESSION_SUPERSEDED')
      owner = newer
      this.figures.takeovers++
      this.#report(`${this.figures.takeovers} takeovers`)
    }
    await this.#clear(account, owner)
  }

  /** The account is cleared while it is written to, by its owner or by the other process, and begun anew by either. */
  async #clearOften(account, clears) {
    for (let clear = 1; clear < clears; clear++) {
      const owner = randomInt(2)
      const found = await this.#call(owner, 'open', account)
      promise(
        Object.values(found).every((numbers) => numbers.every((n) => n === 0)),
        `a cleared account begins anew (${account})`,
      )
      await this.#call(owner, 'hasWritten', account, randomInt(MOST_WRITES + 1))
      await this.#clear(account, owner)
      this.#report(`${this.figures.clears} clears`)
    }
  }

  async #clear(account, owner) {
    await this.#call(randomInt(2), 'clear', account)
    promise((await this.#db.stored(account)) === null, `a cleared account is empty (${account})`)
    const lost = await this.#call(owner, 'lose', account)
    promise(lost.said === 0, `a clear is no takeover (${account})`)
    this.#count(account, lost, 'ERR_SESSION_CLEARED')
    promise(
      (await this.#db.stored(account)) === null,
      `late writes bring nothing back (${account})`,
    )
    this.figures.clears++
  }

  #compare(account, found, lost, code) {
    for (const [strand, [n, ...others]] of Object.entries(found)) {
      const where = `${account}, ${strand}: ${n}`
      const { [strand]: acknowledged } = lost.acknowledged
      promise(n >= acknowledged, `what was acknowledged is there (${where} of ${acknowledged})`)
      promise(n <= lost.called[strand], `nothing is there that was not written (${where})`)
      promise(
        others.every((other) => other === n),
        `a set is all or nothing (${where})`,
      )
    }
    promise(lost.said === 1, `onSuperseded is called once for a loss (${account}: ${lost.said})`)
    this.#count(account, lost, code)
  }

  /** Every write that was refused says why. */
  #count(account, { writes, refused }, code) {
    const codes = Object.keys(refused)
    promise(codes.join() === code, `a refused write says ${code} (${account}: ${codes})`)
    this.figures['acknowledged writes'] += writes
    this.figures['refused writes'] += refused[code]
  }

  async #end() {
    for (const [at, account] of OWN.entries()) {
      const { said } = await this.#call(at, 'progress', account)
      const { writes, refused } = await this.#call(at, 'stop', account)
      promise(writes > 0, `an account that nobody takes is written to (${account})`)
      promise(said === 0, `nobody is told of a loss that was none (${account})`)
      this.figures["writes of the processes' own accounts"] += writes
      for (const count of Object.values(refused)) this.figures['refused of these'] += count
    }
    promise(this.figures['refused of these'] === 0, 'other accounts do not notice')
    for (const at of OWN.keys()) {
      this.figures['unhandled rejections'] += (await this.#call(at, 'end')).unhandled
    }
    promise(this.figures['unhandled rejections'] === 0, 'a refused save is no unhandled rejection')
  }

  #call(process, ...args) {
    return this.#processes[process].call(...args)
  }
}

async function run({ layout, scale, report, said }) {
  const db = await createDatabase({ layout, accounts: [...CONTESTED, ...OWN] })
  const secret = randomBytes(24).toString('base64url')
  said.hide('the secret', secret)
  said.hide('the password', new URL(db.url).password)
  const env = { DATABASE_URL: db.url, WHATSAPP_SESSION_SECRET: secret }
  const processes = OWN.map(() => startChild(OWNER, env, { onOutput: said.print }))
  try {
    return await new TwoOwners(db, processes, report).run(SCALES[scale])
  } finally {
    await Promise.all(processes.map((each) => each.kill()))
    await db.drop()
  }
}

module.exports = { title: 'Two owners of one account', run }
