'use strict'

// A backend under load while run.sh takes its primary away: until SIGTERM. Then compares what the database holds with what
// was acknowledged, and prints the figures.
//
// Usage: node load.js LAYOUT DATABASE_URL ADMIN_URL API…
//   DATABASE_URL  what the backend has in its environment; its database is made, and dropped at the end
//   ADMIN_URL     always leads to the primary
//   API           the addresses of each node's Patroni

const { once } = require('node:events')
const { setTimeout: delay } = require('node:timers/promises')
const { underLoad } = require('../../soak/load')
const { runFault } = require('../../soak/run')
const { Visitors } = require('../../soak/visitors')
const { inWorld } = require('../../soak/world')

const [layout, databaseUrl, adminUrl, ...apis] = process.argv.slice(2)
const WRITERS = 6
const VISITORS = 2
const STRANDS = ['one', 'two']
const LOOK_EVERY_MS = 50

/** Which nodes say that they are the primary, in a text. */
async function primaries() {
  const answers = apis.map(async (api) => {
    const answer = await fetch(`${api}/primary`, { signal: AbortSignal.timeout(1_000) })
    return answer.ok ? api : undefined
  })
  const settled = await Promise.allSettled(answers)
  return settled
    .map(({ value }) => value)
    .filter(Boolean)
    .join(' ')
}

/** Looks out for another primary. */
class Watch {
  /** Resolves to the time at which one was seen. */
  promoted
  #isStopped = false
  #done

  async start() {
    const first = await primaries()
    this.promoted = new Promise((resolve) => {
      this.#done = (async () => {
        while (!this.#isStopped) {
          const now = await primaries()
          if (now !== '' && now !== first) resolve(Date.now())
          await delay(LOOK_EVERY_MS)
        }
      })()
    })
  }

  stop() {
    this.#isStopped = true
    return this.#done
  }
}

/** The same connection string, to another database. */
const toDatabase = (url, name) => url.replace(/\/postgres(?=\?|$)/, `/${name}`)

async function run({ layout, said }) {
  return inWorld({ layout, said, accounts: WRITERS + VISITORS, serverUrl: adminUrl }, (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      const url = toDatabase(databaseUrl, world.db.name)
      const visitors = new Visitors({ world, said })
      await visitors.pair(world.accounts.splice(WRITERS))
      const visits = visitors.run({ databaseUrl: url })
      const watch = new Watch()
      await watch.start()
      const writer = load.start({ env: { DATABASE_URL: url } })
      await writer.begun
      const isBack = watch.promoted.then((at) => writer.backAfter(at))
      process.stderr.write('begun\n')
      const [backAfter] = await Promise.all([isBack, once(process, 'SIGTERM')])
      await watch.stop()
      await writer.stop()
      visitors.isStopped = true
      await visits
      await load.verifyStored()
      return {
        'sets acknowledged': load.acknowledged,
        'sets refused': JSON.stringify(load.refused),
        'opens with the right session': visitors.opens,
        'opens refused': visitors.refused,
        'fresh sessions': 0,
        'longest time without a write, ms': Math.round(writer.longestGap),
        'from the promotion to the last account’s next write, ms': backAfter,
        lost: 0,
        torn: 0,
      }
    }),
  )
}

async function main() {
  const figures = await runFault({ run }, { layout, scale: 'long' })
  for (const [label, figure] of Object.entries(figures)) {
    process.stdout.write(`  ${label.padEnd(58)} ${figure}\n`)
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
})
