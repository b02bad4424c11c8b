'use strict'

const { Tally, burstOf, inHandAfter } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/**
 * A receiver is killed in the middle of bursts, one to its number and one in a group in turns, and comes back while the
 * sender goes on.
 *
 * @param {{ kills: number, burst: number }} scale
 */
async function run(world, { kills, burst }) {
  const sender = await world.pair('sender', numberOf(0))
  let receiver = await world.pair('receiver', numberOf(1))
  const jid = jidOf(receiver.number)
  const group = await sender.call('createGroup', 'Bursts', [jid])
  const tally = new Tally()
  let codes = 0

  for (let kill = 1; kill <= kills; kill++) {
    const texts = burstOf(`burst ${kill}`, burst)
    const before = receiver.texts.length
    const sent = sender.call('burst', kill % 2 ? jid : group, `burst ${kill}`, burst)
    await receiver.until('message', before + 1 + Math.floor((Math.random() * burst) / 2))
    await receiver.kill()
    const told = receiver.texts.slice(before)
    receiver = await world.resume('receiver')
    await sent
    await world.sendLast(sender, receiver, `end of burst ${kill}`)
    tally.add(texts, [...told, ...receiver.texts], inHandAfter(texts, told))
    codes += receiver.told.code.length
  }
  return { ...tally, codes, ...(await world.undecryptable()) }
}

module.exports = { title: 'killed while it receives', accounts: ACCOUNTS, run }
