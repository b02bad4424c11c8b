'use strict'

const { Tally } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/**
 * A sender is killed in the middle of bursts, and goes on after its return. Baileys commits a message's keys after it has
 * sent it, so that the first message after the return can be sealed with the keys of the one in hand, and is refused then.
 *
 * @param {{ kills: number, burst: number }} scale
 */
async function run(world, { kills, burst }) {
  let sender = await world.pair('sender', numberOf(0))
  const receiver = await world.pair('receiver', numberOf(1))
  const jid = jidOf(receiver.number)
  const tally = new Tally()
  let codes = 0

  for (let kill = 1; kill <= kills; kill++) {
    const before = sender.told.sent.length
    // It is killed while it sends: the call never ends.
    sender.call('burst', jid, `burst ${kill}`, burst).catch(() => {})
    await sender.until('sent', before + 1 + Math.floor((Math.random() * burst) / 2))
    await sender.kill()
    const sent = sender.told.sent.slice(before).map(({ text }) => text)
    sender = await world.resume('sender')
    await sender.call('send', jid, `first after ${kill}`)
    await world.sendLast(sender, receiver, `second after ${kill}`)
    tally.add([...sent, `first after ${kill}`, `second after ${kill}`], receiver.texts, [
      `first after ${kill}`,
    ])
    codes += sender.told.code.length
  }
  return { ...tally, codes, ...(await world.undecryptable()) }
}

module.exports = { title: 'killed while it sends', accounts: ACCOUNTS, run }
