'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { percentile } = require('../../bench/statistics')
const { startPgBouncer } = require('../../__test__/support/pgbouncer')
const { underLoad } = require('../load')
const { promise } = require('../verdict')
const { inWorld } = require('../world')

/** Connections that the pooler has to the server. */
const SERVER_CONNECTIONS = 5
const ROUNDS = { short: 2, long: 50 }
const ROUND_MS = { short: 500, long: 2_000 }
const PROCESSES = 4
const STRANDS = ['one']
const CROWD = 300
const SETS = { short: 3, long: 30 }
/** More than the pooler has to the server, so that they have to share. */
const CLIENT_CONNECTIONS = 40
const SAMPLING_MS = 50
const PARAMETERS = { nothing: '', 'pgbouncer=true': '?pgbouncer=true' }

/** Counts the pooler's connections to a database of the server while this runs; gives the most that it has seen, too. */
async function countingConnections(pooler, { name }, work) {
  let most = 0
  let isOver = false
  const watch = async () => {
    while (!isOver) {
      const servers = await pooler.ask('SHOW SERVERS')
      most = Math.max(most, servers.filter(({ database }) => database === name).length)
      await delay(SAMPLING_MS)
    }
  }
  const watching = watch()
  try {
    return { result: await work(), most }
  } finally {
    isOver = true
    await watching
  }
}

/**
 * Processes with accounts of their own write through one pooler, and are killed and started again: each numbers its
 * statements from the beginning.
 */
async function shareConnections({ world, said, databaseUrl, rounds, roundMs, report }) {
  const { accounts } = world
  const share = (at) => accounts.filter((_, index) => index % PROCESSES === at)
  return underLoad({ world, said, strands: STRANDS }, async (load) => {
    for (let round = 1; round <= rounds; round++) {
      report(`round ${round} of ${rounds}`)
      const writers = Array.from({ length: PROCESSES }, (_, at) =>
        load.start({ env: { DATABASE_URL: databaseUrl }, accounts: share(at) }),
      )
      await Promise.all(writers.map((writer) => writer.begun))
      await delay(roundMs)
      await Promise.all(writers.map((writer, at) => (at % 2 ? writer.kill() : writer.stop())))
    }
    await load.verifyStored()
    const refused = Object.entries(load.refused)
    promise(refused.length === 0, `no set is refused (${refused})`)
    return load.acknowledged
  })
}

/** Very many accounts of one process: all open, write and read. */
async function crowd({ world, databaseUrl, sets, report }) {
  const store = world.store({ databaseUrl, pool: { size: CLIENT_CONNECTIONS } })
  const timed = async (calls) => {
    const from = performance.now()
    const results = await Promise.all(calls())
    return { results, ms: performance.now() - from }
  }
  report(`opening ${world.accounts.length} accounts`)
  const opened = await timed(() => world.accounts.map((account) => store.useAuthState(account)))
  const latencies = []
  const written = await timed(() =>
    opened.results.map(async ({ state }, at) => {
      for (let n = 1; n <= sets; n++) {
        const from = performance.now()
        await state.keys.set({ session: { contact: { at, n, mark: world.marks.value } } })
        latencies.push(performance.now() - from)
      }
    }),
  )
  // Another process' view of them, which nothing is cached for.
  const reader = world.store({ databaseUrl, pool: { size: CLIENT_CONNECTIONS } })
  const reopened = await timed(() => world.accounts.map((account) => reader.useAuthState(account)))
  const read = await timed(() =>
    reopened.results.map(({ state }) => state.keys.get('session', ['contact'])),
  )
  for (const [at, { contact }] of read.results.entries()) {
    promise(contact?.at === at && contact.n === sets, 'each account reads what it wrote last')
  }
  latencies.sort((a, b) => a - b)
  return {
    accounts: world.accounts.length,
    'opening all, ms': opened.ms,
    'sets a second': latencies.length / (written.ms / 1_000),
    'a set, median, ms': percentile(latencies, 0.5),
    'a set, 99 of 100, ms': percentile(latencies, 0.99),
    'reading from all, ms': read.ms,
  }
}

/** Several processes and many accounts through a pooler that has few connections to the server. */
async function run({ layout, scale, report, said }) {
  const pooler = await startPgBouncer(process.env.TEST_DATABASE_URL, {
    default_pool_size: SERVER_CONNECTIONS,
  })
  const within = async (accounts, work) =>
    inWorld({ layout, said, accounts }, async (world) => {
      const pooledUrl = pooler.url(world.db.serverUrl)
      const { result, most } = await countingConnections(pooler, world.db, () =>
        work(world, pooledUrl),
      )
      promise(
        most <= SERVER_CONNECTIONS,
        `the server has ${SERVER_CONNECTIONS} connections at most (${most})`,
      )
      return { result, most }
    })
  const figures = { pooler: pooler.version, 'client processes': PROCESSES, rounds: ROUNDS[scale] }
  try {
    for (const [name, parameter] of Object.entries(PARAMETERS)) {
      const { result } = await within(4 * PROCESSES, (world, url) =>
        shareConnections({
          world,
          said,
          databaseUrl: `${url}${parameter}`,
          rounds: ROUNDS[scale],
          roundMs: ROUND_MS[scale],
          report: (line) => report(`with ${name} in the connection string, ${line}`),
        }),
      )
      figures[`sets acknowledged with ${name} in the connection string`] = result
    }
    const { result, most } = await within(CROWD, (world, databaseUrl) =>
      crowd({ world, databaseUrl, sets: SETS[scale], report }),
    )
    return { ...figures, lost: 0, refused: 0, ...result, "the server's connections at most": most }
  } finally {
    await pooler.stop()
  }
}

module.exports = { title: 'A pooler in transaction mode', run }
