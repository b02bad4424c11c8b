'use strict'

const { compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/**
 * A sender is killed in the middle of a burst, and goes on after its return. Baileys commits a message's keys after it
 * has sent it: the first message after the return can be sealed with the keys of the one in hand, and is then refused.
 *
 * @param {{ kills: number, burst: number }} scale
 */
async function run(world, { kills, burst }) {
  let sender = await world.pair('sender', numberOf(1))
  const receiver = await world.pair('receiver', numberOf(2))
  const jid = jidOf(receiver.number)
  const sent = []
  const firsts = []
  let codes = 0

  for (let kill = 1; kill <= kills; kill++) {
    const before = sender.told.sent.length
    // It is killed while it sends: the call never ends.
    sender.call('burst', jid, `burst ${kill}`, burst).catch(() => {})
    await sender.until('sent', before + 1 + Math.floor((Math.random() * burst) / 2))
    await sender.kill()
    sent.push(...sender.told.sent.slice(before).map(({ text }) => text))
    sender = await world.resume('sender')
    for (const text of [`first after ${kill}`, `second after ${kill}`]) {
      await sender.call('send', jid, text)
      sent.push(text)
    }
    firsts.push(`first after ${kill}`)
    await receiver.untilText(`second after ${kill}`)
    codes += sender.told.code.length
  }

  const { lost, twice } = compare(sent, receiver.texts)
  return {
    sent: sent.length,
    'the first after a return': lost.filter((text) => firsts.includes(text)).length,
    lost: lost.filter((text) => !firsts.includes(text)),
    twice,
    codes,
  }
}

module.exports = { accounts: ACCOUNTS, run }
