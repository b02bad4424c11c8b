'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { startProxy } = require('../../__test__/support/proxy')
const { promise } = require('../verdict')
const { UNREACHABLE, Visitors } = require('../visitors')
const { inWorld } = require('../world')
const { Writers } = require('../writers')

const ROUNDS = { short: 1, long: 10 }
const WRITERS = 6
const STRANDS = ['one', 'two']
/** Accounts that are paired, and opened while the network fails. */
const VISITORS = 2
const POOL_SIZE = 3
const WRITE_TIMEOUT_MS = 1_500
const STORE = {
  writeTimeoutMs: WRITE_TIMEOUT_MS,
  pool: { size: POOL_SIZE, connectTimeoutMs: 700, waitTimeoutMs: WRITE_TIMEOUT_MS },
  // What is read comes from the database.
  cacheBytes: 0,
}
/** What a busy machine may add to a call's time. */
const TOLERANCE_MS = { short: 3_000, long: 500 }
const SHORT_MS = 0.3 * WRITE_TIMEOUT_MS
const LONG_MS = 1.6 * WRITE_TIMEOUT_MS
/** Two looks at the connections are so far apart: one that is being closed is not seen twice. */
const SAMPLING_MS = 50

const nothing = () => {}

/** What networks do: how it begins, how long it lasts, how it ends. */
const FAULTS = {
  delays: {
    begin: (proxy) => proxy.delay({ toServerMs: 60, toClientMs: 60 }),
    lastsMs: LONG_MS,
    end: (proxy) => proxy.delay({}),
  },
  cuts: {
    async begin(proxy) {
      for (let cut = 0; cut < 8; cut++) {
        proxy.cut()
        await delay(Math.random() * 80)
      }
    },
    lastsMs: 0,
    end: nothing,
  },
  'half-closes towards the server': {
    begin: (proxy) => proxy.halfClose({ toServer: true }),
    lastsMs: 0,
    end: nothing,
  },
  'half-closes towards the client': {
    begin: (proxy) => proxy.halfClose({ toServer: false }),
    lastsMs: 0,
    end: nothing,
  },
  'a short silence': {
    begin: (proxy) => proxy.pause(),
    lastsMs: SHORT_MS,
    end: (proxy) => proxy.resume(),
  },
  'a long silence, then all arrives': {
    begin: (proxy) => proxy.pause(),
    lastsMs: LONG_MS,
    end: (proxy) => proxy.resume(),
  },
  'a long silence, then nothing arrives': {
    begin: (proxy) => proxy.pause(),
    lastsMs: LONG_MS,
    end(proxy) {
      proxy.cut()
      proxy.resume()
    },
  },
  'no byte goes out': {
    begin: (proxy) => proxy.stall(),
    lastsMs: LONG_MS,
    end: (proxy) => proxy.flow(),
    hidesCloses: true,
  },
  'answers that do not come': {
    begin: (proxy) => proxy.hold({ toServer: false }),
    lastsMs: LONG_MS,
    end: (proxy) => proxy.release(),
  },
  'requests that do not arrive': {
    begin: (proxy) => proxy.hold({ toClient: false }),
    lastsMs: LONG_MS,
    end: (proxy) => proxy.release(),
  },
  'refused connections': {
    begin(proxy) {
      proxy.refuse()
      proxy.cut()
    },
    lastsMs: LONG_MS,
    end: (proxy) => proxy.accept(),
  },
}

/** Times calls, and holds them to their limit. */
class Clock {
  longestMs = { set: 0, get: 0, open: 0 }
  #limitMs

  constructor(limitMs) {
    this.#limitMs = limitMs
  }

  note(what, ms) {
    this.longestMs[what] = Math.max(this.longestMs[what], ms)
    promise(ms <= this.#limitMs, `no call waits longer than it may (${what}: ${ms} ms)`)
  }

  async time(what, call) {
    const from = performance.now()
    try {
      return await call()
    } finally {
      this.note(what, performance.now() - from)
    }
  }
}

/** Counts the connections that a store has open. */
class Sampler {
  most = 0
  isBlind = false
  #proxy
  #before = new Set()
  #timer

  constructor(proxy) {
    this.#proxy = proxy
    this.#timer = setInterval(() => this.#look(), SAMPLING_MS)
  }

  #look() {
    const now = this.isBlind ? [] : this.#proxy.inUse
    this.most = Math.max(this.most, now.filter((link) => this.#before.has(link)).length)
    this.#before = new Set(now)
  }

  stop() {
    clearInterval(this.#timer)
  }
}

/** Reads from the database all the while: what is read is what was acknowledged, or called since. */
async function read({ writers, world, said, clock, state }) {
  for (let turn = 0; !state.isStopped; turn++) {
    const strand = writers.strands[turn % writers.strands.length]
    const id = world.marks.ids(strand.name, 0).session
    const { acknowledged } = strand
    try {
      const call = () => strand.handle.state.keys.get('session', [id])
      const n = (await clock.time('get', call))[id]?.n ?? 0
      promise(
        n >= acknowledged && n <= strand.called,
        `a read gives what was written (${strand.where})`,
      )
      state.reads++
    } catch (error) {
      said.error(error)
      if (!UNREACHABLE.includes(error.code)) throw error
      state.refusedReads++
    }
    await delay(1)
  }
}

/** Between a store and its database the network does all that networks do, while it writes, reads and opens. */
async function run({ layout, scale, report, said }) {
  return inWorld({ layout, said, accounts: WRITERS + VISITORS }, async (world) => {
    const visitors = new Visitors({ world, said })
    await visitors.pair(world.accounts.splice(WRITERS))
    const [proxy, visitorsProxy] = [await startProxy(world.db.url), await startProxy(world.db.url)]
    const proxies = [proxy, visitorsProxy]
    const sampler = new Sampler(proxy)
    const clock = new Clock(WRITE_TIMEOUT_MS + TOLERANCE_MS[scale])
    const store = world.store({ databaseUrl: proxy.url(world.db.url), ...STORE })
    const writers = new Writers({
      onAcknowledged: (_, ms) => clock.note('set', ms),
      onRefused(_, ms, error) {
        said.error(error)
        clock.note('set', ms)
        promise(UNREACHABLE.includes(error.code), `a refusal says why: ${error.code}`)
      },
    })
    const state = { isStopped: false, reads: 0, refusedReads: 0 }
    let longestBack = 0
    try {
      await writers.start(world, store, STRANDS)
      const databaseUrl = visitorsProxy.url(world.db.url)
      const options = { databaseUrl, ...STORE, pool: { ...STORE.pool, size: 1 } }
      const others = Promise.all([
        visitors.run(options, (open) => clock.time('open', open)),
        read({ writers, world, said, clock, state }),
      ])
      // Waited for at the end; until then it is no unhandled rejection.
      others.catch(nothing)
      await writers.untilWritten()
      for (let round = 1; round <= ROUNDS[scale]; round++) {
        for (const [name, fault] of Object.entries(FAULTS)) {
          report(`${name}, round ${round} of ${ROUNDS[scale]}`)
          sampler.isBlind = fault.hidesCloses === true
          await Promise.all(proxies.map((each) => fault.begin(each)))
          await delay(fault.lastsMs)
          for (const each of proxies) fault.end(each)
          longestBack = Math.max(longestBack, await writers.untilWritten())
        }
      }
      state.isStopped = true
      visitors.isStopped = true
      await others
      await writers.stop()
      const sets = await writers.verify(world)
      promise(
        sampler.most <= POOL_SIZE,
        `a pool of ${POOL_SIZE} has not ${sampler.most} connections`,
      )
      promise(store.stats().pool.size <= POOL_SIZE, 'the pool keeps its size')
      promise(proxy.accepted > POOL_SIZE * ROUNDS[scale], 'connections that broke are replaced')
      return {
        faults: ROUNDS[scale] * Object.keys(FAULTS).length,
        'sets acknowledged': sets,
        'sets refused': writers.refused,
        'reads answered': state.reads,
        'reads refused': state.refusedReads,
        'opens with the right session': visitors.opens,
        'opens refused': visitors.refused,
        'fresh sessions': 0,
        'slowest set, ms': clock.longestMs.set,
        'slowest get, ms': clock.longestMs.get,
        'slowest open, ms': clock.longestMs.open,
        writeTimeoutMs: WRITE_TIMEOUT_MS,
        'from the end of a fault to the last strand’s next write, ms at most': longestBack,
        'connections made': proxy.accepted,
        'open at a time, at most': sampler.most,
        'size of the pool': POOL_SIZE,
        lost: 0,
        torn: 0,
      }
    } finally {
      state.isStopped = true
      visitors.isStopped = true
      sampler.stop()
      for (const each of proxies) {
        each.flow()
        each.resume()
      }
      await writers.stop().catch(nothing)
      await store.close().catch(nothing)
      await Promise.all(proxies.map((each) => each.close()))
    }
  })
}

module.exports = { title: 'A network that fails in every way', run }
