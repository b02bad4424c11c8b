'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { underLoad } = require('../load')
const { promise } = require('../verdict')
const { inWorld } = require('../world')

const ROUNDS = { short: 4, long: 100 }
const ACCOUNTS = 8
const STRANDS = ['one', 'two']
/** A round's writes go on for up to so long. */
const LONGEST_MS = 400

/** A writer over several accounts is killed at random; the next one finds all that was acknowledged to those before it. */
async function run({ layout, scale, report, said }) {
  const rounds = ROUNDS[scale]
  return inWorld({ layout, said, accounts: ACCOUNTS }, (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      for (let round = 1; round <= rounds; round++) {
        report(`round ${round} of ${rounds}`)
        const writer = load.start()
        await writer.begun
        await delay(Math.random() * LONGEST_MS)
        const { signal } = await writer.kill()
        promise(signal === 'SIGKILL', `the writer ends by SIGKILL, not by itself (round ${round})`)
      }
      await load.verifyStored()
      promise(load.acknowledged >= rounds * ACCOUNTS, 'there was something to lose')
      return {
        'kills of the writer': rounds,
        'sets acknowledged': load.acknowledged,
        'sets under way at a kill that were found whole': load.foundDone,
        lost: 0,
        torn: 0,
      }
    }),
  )
}

module.exports = { title: 'A process killed under load', run }
