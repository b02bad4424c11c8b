'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { burstOf, compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/** Shorter than a call of the store goes on trying. */
const AWAY_MS = 1_500

/**
 * The database server is shut down immediately in the middle of bursts, and comes back.
 *
 * @param {{ outages: number, burst: number, server: object }} scale
 */
async function run(world, { outages, burst, server }) {
  const sender = await world.pair('sender', numberOf(1))
  const receiver = await world.pair('receiver', numberOf(2))
  const jid = jidOf(receiver.number)
  const sent = []

  for (let outage = 1; outage <= outages; outage++) {
    const name = `burst ${outage}`
    const before = receiver.told.message.length
    const sending = sender.call('burst', jid, name, burst)
    await receiver.until('message', before + 1 + Math.floor(Math.random() * 5))
    await server.quit()
    await delay(AWAY_MS)
    await server.restart()
    await sending
    sent.push(...burstOf(name, burst))
    await receiver.untilText(`${name} ${burst}`)
  }

  await world.server('hasEverything', receiver.number)
  const { lost, twice } = compare(sent, receiver.texts)
  const closed = [sender, receiver].flatMap(({ told }) => told.closed)
  return {
    sent: sent.length,
    lost,
    twice,
    // Each closed once with 515, when it was paired.
    'connections lost': closed.length - 2,
  }
}

module.exports = { accounts: ACCOUNTS, run, needsDatabase: true }
