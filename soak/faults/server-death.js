'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { startPostgres } = require('../../__test__/support/postgres')
const { underLoad } = require('../load')
const { promise } = require('../verdict')
const { inWorld } = require('../world')

const ROUNDS = { short: 3, long: 20 }
const ACCOUNTS = 8
const STRANDS = ['one', 'two']
/** Each third time the server is away for longer than a write goes on trying. */
const WRITE_TIMEOUT_MS = 2_000
const AWAY_MS = [0, 300, 2_500]
/** The longest time under load before the server goes. */
const LONGEST_MS = 400
/** From the server's return to the first write of the last account; a machine that runs tests beside it adds its own. */
const BACK_WITHIN_MS = { short: 5_000, long: 2_000 }

/** Ends the server again and again, and brings it back; gives the longest time until all accounts wrote again, in ms. */
async function interrupt({ server, load, writer, rounds, report }) {
  let longest = 0
  for (let round = 1; round <= rounds; round++) {
    report(`round ${round} of ${rounds}`)
    await delay(Math.random() * LONGEST_MS)
    await server.quit()
    await delay(AWAY_MS[round % AWAY_MS.length])
    await server.restart()
    longest = Math.max(longest, await writer.backAfter(Date.now()))
    await load.verifyStored({ goesOn: true })
  }
  return longest
}

/** A server is shut down immediately, as by a failing host, while a writer writes to it, and comes back. */
async function run({ layout, scale, report, said }) {
  const rounds = ROUNDS[scale]
  const server = await startPostgres({ onLog: said.print })
  const work = (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      const writer = load.start({
        env: { BAILEYS_AUTH_WRITE_TIMEOUT_MS: String(WRITE_TIMEOUT_MS) },
      })
      await writer.begun
      const longest = await interrupt({ server, load, writer, rounds, report })
      await writer.stop()
      await load.verifyStored()
      promise(
        longest <= BACK_WITHIN_MS[scale],
        `all accounts write again soon after the return, not ${longest} ms later`,
      )
      return {
        'immediate shutdowns of the server': rounds,
        'sets acknowledged': load.acknowledged,
        'refused while it was away': JSON.stringify(load.refused),
        'from its return to the last account’s first write, ms at most': longest,
        lost: 0,
        torn: 0,
      }
    })
  try {
    const serverUrl = server.url()
    return await inWorld({ layout, said, accounts: ACCOUNTS, serverUrl }, work)
  } finally {
    await server.stop()
  }
}

module.exports = { title: 'A server that dies under load', run }
