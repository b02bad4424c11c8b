'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { Tally, burstOf } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/** Shorter than a call of the store goes on trying. */
const AWAY_MS = 1_500

/**
 * The database server is shut down immediately in the middle of bursts, and comes back.
 *
 * @param {{ outages: number, burst: number, server: object }} scale the `server` has the sessions of this world alone
 */
async function run(world, { outages, burst, server }) {
  const sender = await world.pair('sender', numberOf(0))
  const receiver = await world.pair('receiver', numberOf(1))
  const jid = jidOf(receiver.number)
  const tally = new Tally()
  const connections = () => sender.told.open.length + receiver.told.open.length
  const before = connections()

  for (let outage = 1; outage <= outages; outage++) {
    const received = receiver.texts.length
    const sent = sender.call('burst', jid, `burst ${outage}`, burst)
    await receiver.until('message', received + 1 + Math.floor((Math.random() * burst) / 4))
    await server.quit()
    await delay(AWAY_MS)
    await server.restart()
    await sent
    await world.sendLast(sender, receiver, `end of burst ${outage}`)
    tally.add(burstOf(`burst ${outage}`, burst), receiver.texts)
  }
  return { ...tally, reconnects: connections() - before, ...(await world.undecryptable()) }
}

module.exports = { title: 'the database server away for 1.5 s', accounts: ACCOUNTS, run }
