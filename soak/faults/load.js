'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { percentile } = require('../../bench/statistics')
const { promise } = require('../verdict')
const { inWorld } = require('../world')

const ACCOUNTS = { short: 60, long: 1_000 }
const LASTS_MS = { short: 4_000, long: 600_000 }
const POOL_SIZE = 8
/** An account's messages come so far apart, on average. */
const PAUSE_MS = { short: 200, long: 5_000 }
const CONTACTS = 20
const GROUPS = 4
const SAMPLING_MS = 500
/** Memory is compared from the second minute on, and may grow by no more than what is noise. */
const WARM_MS = 60_000
const WINDOW_MS = 60_000
const NOISE = 1.05

const pick = (count) => Math.floor(Math.random() * count)
const filler = (length) => 'x'.repeat(length)
/** Sizes of records as Baileys makes them, in characters of JSON: by chance, so that all of them together stay what they are. */
const session = (mark, n) => ({ mark, n, _sessions: filler(900 + pick(4_000)) })
const senderKey = (mark, n) =>
  Buffer.from(JSON.stringify({ mark, n, states: filler(600 + pick(9_000)) }))
const sort = (values) => [...values].sort((a, b) => a - b)
const middle = (values) => percentile(sort(values), 0.5)

/** One account, with the calls that Baileys makes for what happens to it. */
class Account {
  n = 0

  constructor(handle, marks) {
    this.keys = handle.state.keys
    this.creds = handle.state.creds
    this.saveCreds = handle.saveCreds
    this.mark = marks.value
    this.contact = (number) => `${marks.contact}${number}.0`
    this.group = (number) => `${marks.contact}${number}@g.us::1::0`
  }

  /** As an account that has been in use for a while: what is held of it in memory has its size already. */
  async fill() {
    const all = (count, name, value) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), value(this.mark, 0)]))
    await this.keys.set({
      session: all(CONTACTS, this.contact, session),
      'sender-key': all(GROUPS, this.group, senderKey),
      'pre-key': all(30, String, (mark, n) => ({ mark, n, private: Buffer.alloc(32, n) })),
      'identity-key': all(CONTACTS, this.contact, (_, n) => Buffer.alloc(33, n)),
    })
    await this.saveCreds()
  }

  /** Messages by how often they come; gives the write that it waits for. */
  async message() {
    const n = ++this.n
    const kind = Math.random()
    if (kind < 0.45) return this.#receive(n)
    if (kind < 0.7) return this.#receiveInGroup(n)
    if (kind < 0.95) return this.#send(n)
    if (kind < 0.99) return this.#receiveFirst(n)
    this.creds.accountSyncCounter = n
    return () => this.saveCreds()
  }

  async #receive(n) {
    const id = this.contact(pick(CONTACTS))
    await this.keys.get('session', [id])
    return () => this.keys.set({ session: { [id]: session(this.mark, n) } })
  }

  async #receiveInGroup(n) {
    const id = this.group(pick(GROUPS))
    await this.keys.get('sender-key', [id])
    return () => this.keys.set({ 'sender-key': { [id]: senderKey(this.mark, n) } })
  }

  async #send(n) {
    const first = pick(CONTACTS)
    const ids = [0, 1, 2].map((at) => this.contact((first + at) % CONTACTS))
    await this.keys.get('session', ids)
    const records = ids.map((id) => [id, session(this.mark, n)])
    return () => this.keys.set({ session: Object.fromEntries(records) })
  }

  async #receiveFirst(n) {
    const [id, preKey] = [this.contact(pick(CONTACTS)), String(pick(30))]
    await Promise.all([this.keys.get('session', [id]), this.keys.get('pre-key', [preKey])])
    return () =>
      this.keys.set({
        session: { [id]: session(this.mark, n) },
        'identity-key': { [id]: Buffer.alloc(33, n) },
        'pre-key': { [preKey]: null },
      })
  }
}

/** Lets messages come to an account until the end, each after the one before it. */
async function live(account, { until, pauseMs, latencies }) {
  for (;;) {
    await delay(-Math.log(1 - Math.random()) * pauseMs)
    if (performance.now() >= until) return
    const write = await account.message()
    const from = performance.now()
    await write()
    latencies.push(performance.now() - from)
  }
}

/** Watches memory and connections until the end; gives samples of the memory, and the most connections. */
async function watch(db, { from, until, report }) {
  const samples = []
  let connections = 0
  while (performance.now() < until) {
    const { rows } = await db.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'baileys-postgres-auth'`,
    )
    connections = Math.max(connections, rows[0].count)
    samples.push({ at: performance.now() - from, bytes: process.memoryUsage.rss() })
    report(`${Math.round((until - performance.now()) / 1_000)} s left`)
    await delay(SAMPLING_MS)
  }
  return { samples, connections }
}

/** The memory's growth between two windows of time, as a factor; `null` if the run was too short for them. */
function growth(samples, lastsMs) {
  if (lastsMs < WARM_MS + 2 * WINDOW_MS) return null
  const median = (from) => {
    const window = samples.filter(({ at }) => at >= from && at < from + WINDOW_MS)
    return middle(window.map(({ bytes }) => bytes))
  }
  return median(lastsMs - WINDOW_MS) / median(WARM_MS)
}

/** The memory at the start and at the end of each minute, in MB. */
function byTheMinute(samples) {
  const ends = samples.filter(
    ({ at }, index) =>
      index === 0 || Math.floor(at / 60e3) > Math.floor(samples[index - 1].at / 60e3),
  )
  return [...new Set([...ends, samples.at(-1)])]
    .map(({ bytes }) => Math.round(bytes / 1e6))
    .join(' ')
}

/** Very many accounts with the messages of every day. */
async function run({ layout, scale, report, said }) {
  const count = ACCOUNTS[scale]
  return inWorld({ layout, said, accounts: count }, async (world) => {
    const store = world.store({ pool: { size: POOL_SIZE } })
    report(`opening ${count} accounts`)
    const handles = await Promise.all(world.accounts.map((account) => store.useAuthState(account)))
    const accounts = handles.map((handle) => new Account(handle, world.marks))
    await Promise.all(accounts.map((account) => account.fill()))

    const latencies = []
    const from = performance.now()
    const until = from + LASTS_MS[scale]
    const lives = accounts.map((account) =>
      live(account, { until, pauseMs: PAUSE_MS[scale], latencies }),
    )
    const [{ samples, connections }] = await Promise.all([
      watch(world.db, { from, until, report }),
      ...lives,
    ])
    const grown = growth(samples, LASTS_MS[scale])
    promise(connections <= POOL_SIZE, `a pool of ${POOL_SIZE} has not ${connections} connections`)
    const course = byTheMinute(samples)
    promise(grown === null || grown <= NOISE, `memory does not grow (${course} MB, by the minute)`)
    promise(store.stats().failedCommits === 0, 'no commit fails')
    const sorted = sort(latencies)
    const of = (part) => percentile(sorted, part)
    return {
      accounts: count,
      seconds: LASTS_MS[scale] / 1_000,
      writes: latencies.length,
      'writes a second': latencies.length / (LASTS_MS[scale] / 1_000),
      'a write, median, ms': of(0.5),
      'a write, 99 of 100, ms': of(0.99),
      'a write, slowest, ms': of(1),
      'memory of the process by the minute, MB': course,
      'growth after the first minute, factor': grown ?? 'too short to say',
      'connections at most': connections,
      'size of the pool': POOL_SIZE,
    }
  })
}

module.exports = { title: 'Many accounts with the messages of every day', run }
