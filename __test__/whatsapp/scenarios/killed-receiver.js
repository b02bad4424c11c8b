'use strict'

const { burstOf, compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'receiver']

/**
 * A receiver is killed in the middle of bursts, one to its number and one in a group, and comes back while the sender
 * goes on. Baileys acknowledges a message before it tells the application, and commits before it acknowledges: of each
 * burst the message in hand can be lost whatever keeps the session.
 *
 * @param {{ kills: number, burst: number }} scale
 */
async function run(world, { kills, burst }) {
  const sender = await world.pair('sender', numberOf(1))
  let receiver = await world.pair('receiver', numberOf(2))
  const jid = jidOf(receiver.number)
  const group = await sender.call('createGroup', 'Bursts', [jid])
  const total = { sent: 0, lost: [], twice: [], codes: 0 }

  for (let kill = 1; kill <= kills; kill++) {
    const name = `burst ${kill}`
    const before = receiver.told.message.length
    const sent = sender.call('burst', kill % 2 ? jid : group, name, burst)
    await receiver.until('message', before + 1 + Math.floor((Math.random() * burst) / 2))
    await receiver.kill()
    const told = receiver.texts.slice(before)
    receiver = await world.resume('receiver')
    await sent
    await world.server('hasEverything', receiver.number)
    // It was acknowledged; the application hears of it with the next one at the latest.
    await sender.call('send', jid, `end of ${name}`)
    await receiver.untilText(`end of ${name}`)

    const { lost, twice } = compare(burstOf(name, burst), [...told, ...receiver.texts])
    total.sent += burst
    total.lost.push(...lost)
    total.twice.push(...twice)
    total.codes += receiver.told.code.length
  }
  return total
}

module.exports = { accounts: ACCOUNTS, run }
