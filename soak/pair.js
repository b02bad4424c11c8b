'use strict'

/** A primary and its synchronous standby, that change places. */

const { setTimeout: delay } = require('node:timers/promises')
const { startPostgres } = require('../__test__/support/postgres')
const { startProxy } = require('../__test__/support/proxy')
const { promise } = require('./verdict')

/** How long it is waited for the standby. */
const SYNCHRONOUS_WITHIN_MS = 60_000

class Pair {
  #servers = []
  #proxy

  async start({ onLog }) {
    this.primary = await startPostgres({ onLog })
    this.#servers.push(this.primary)
    this.standby = await startPostgres({ onLog, standbyOf: this.primary })
    this.#servers.push(this.standby)
    await this.#synchronise()
    this.#proxy = await startProxy(this.primary)
  }

  /** The primary, whichever it is: for who looks at what is stored. */
  get serverUrl() {
    return this.#proxy.url(this.primary.url())
  }

  /** What a backend has in its environment: both servers, the one that is the primary now not always the first. */
  url(database) {
    const { user, password } = this.primary
    const hosts = this.#servers.map(({ host, port }) => `${host}:${port}`)
    return `postgresql://${user}:${password}@${hosts}/${database}?target_session_attrs=read-write`
  }

  /** The standby becomes the primary. */
  async promote() {
    await this.standby.promote()
    const promotedAt = Date.now()
    ;[this.primary, this.standby] = [this.standby, this.primary]
    this.#proxy.lead(this.primary)
    return promotedAt
  }

  /** What was the primary becomes the standby, from a copy. */
  async rebuild() {
    await this.standby.follow(this.primary)
    await this.#synchronise()
  }

  /** Every commit waits for the standby from now on. */
  async #synchronise() {
    await this.primary.ask(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await this.primary.ask('SELECT pg_reload_conf()')
    const deadline = Date.now() + SYNCHRONOUS_WITHIN_MS
    const isSynchronous = async () => {
      const rows = await this.primary.ask('SELECT sync_state FROM pg_stat_replication')
      return rows.some((row) => row.sync_state === 'sync')
    }
    while (!(await isSynchronous())) {
      promise(Date.now() < deadline, 'the standby follows')
      await delay(20)
    }
    // The process that makes checkpoints tells the others whether to wait: once it has made one, it has read the setting.
    await this.primary.ask('CHECKPOINT')
  }

  async stop() {
    await this.#proxy?.close()
    await Promise.all(this.#servers.map((server) => server.stop()))
  }
}

/** Runs this with a pair of servers of its own. */
async function withPair(options, work) {
  const pair = new Pair()
  try {
    await pair.start(options)
    return await work(pair)
  } finally {
    await pair.stop()
  }
}

module.exports = { withPair }
