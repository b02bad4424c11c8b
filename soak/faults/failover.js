'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { underLoad } = require('../load')
const { withPair } = require('../pair')
const { promise } = require('../verdict')
const { Visitors } = require('../visitors')
const { inWorld } = require('../world')

const ROUNDS = { short: 2, long: 10 }
const WRITERS = 6
const VISITORS = 2
const STRANDS = ['one', 'two']
/** Each third time there is no primary for longer than a write goes on trying. */
const WRITE_TIMEOUT_MS = 2_000
const AWAY_MS = [0, 300, 2_500]
/** The longest time under load before the primary goes. */
const LONGEST_MS = 400
/** From the promotion to the first write of the last account; a machine that runs tests beside it adds its own. */
const BACK_WITHIN_MS = { short: 15_000, long: 5_000 }

/** How a primary goes: it dies, or its host hangs and no connection breaks. */
const WAYS = [(primary) => primary.kill(), (primary) => primary.freeze()]

/** Takes the primary away again and again, and promotes the standby; gives the longest time until all accounts wrote, in ms. */
async function failOver({ pair, load, writer, rounds, report }) {
  let longest = 0
  for (let round = 1; round <= rounds; round++) {
    report(`round ${round} of ${rounds}`)
    await delay(Math.random() * LONGEST_MS)
    await WAYS[(round - 1) % WAYS.length](pair.primary)
    await delay(AWAY_MS[round % AWAY_MS.length])
    longest = Math.max(longest, await writer.backAfter(await pair.promote()))
    await load.verifyStored({ goesOn: true })
    await pair.rebuild()
  }
  return longest
}

/** Both servers are in the connection string of a writer, and of who opens paired accounts all the while. */
async function run({ layout, scale, report, said }) {
  const rounds = ROUNDS[scale]
  const work = (pair) => (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      const databaseUrl = pair.url(world.db.name)
      const visitors = new Visitors({ world, said })
      await visitors.pair(world.accounts.splice(WRITERS))
      const visits = visitors.run({ databaseUrl, writeTimeoutMs: WRITE_TIMEOUT_MS })
      // Waited for at the end; until then it is no unhandled rejection.
      visits.catch(() => {})
      try {
        const writer = load.start({
          env: {
            DATABASE_URL: databaseUrl,
            BAILEYS_AUTH_WRITE_TIMEOUT_MS: String(WRITE_TIMEOUT_MS),
          },
        })
        await writer.begun
        const longest = await failOver({ pair, load, writer, rounds, report })
        await writer.stop()
        visitors.isStopped = true
        await visits
        await load.verifyStored()
        promise(
          longest <= BACK_WITHIN_MS[scale],
          `all accounts write again soon after the promotion, not ${longest} ms later`,
        )
        return {
          failovers: rounds,
          'sets acknowledged': load.acknowledged,
          'refused meanwhile': JSON.stringify(load.refused),
          'opens with the right session': visitors.opens,
          'opens refused': visitors.refused,
          'fresh sessions': 0,
          'from the promotion to the last account’s first write, ms at most': longest,
          lost: 0,
          torn: 0,
        }
      } finally {
        visitors.isStopped = true
        await visits.catch(() => {})
      }
    })
  return withPair({ onLog: said.print }, (pair) => {
    const { serverUrl } = pair
    return inWorld({ layout, said, accounts: WRITERS + VISITORS, serverUrl }, work(pair))
  })
}

module.exports = { title: 'A primary that is lost under load, and its standby promoted', run }
