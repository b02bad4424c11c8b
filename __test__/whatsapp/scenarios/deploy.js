'use strict'

const { burstOf, compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'deployed']

/**
 * A rolling deploy in the middle of bursts: a second process opens the account while the first still has it, and
 * connects with what it finds.
 *
 * @param {{ deploys: number, burst: number }} scale
 */
async function run(world, { deploys, burst }) {
  const sender = await world.pair('sender', numberOf(1))
  let old = await world.pair('deployed', numberOf(2))
  const jid = jidOf(old.number)
  const total = { sent: 0, lost: [], twice: [], codes: 0, superseded: 0, replaced: 0 }

  for (let deploy = 1; deploy <= deploys; deploy++) {
    const name = `burst ${deploy}`
    const before = old.told.message.length
    const sent = sender.call('burst', jid, name, burst)
    await old.until('message', before + 1)
    const next = world.start('deployed')
    // Loaded and with the account, but not connected yet: this is when the first goes on with what is not its own.
    await next.call('open')
    await old.until('message', before + 2).catch(() => {})
    await next.call('connect')
    await next.until('open')
    await old.until('closed')
    await sent
    await world.server('hasEverything', old.number)
    await sender.call('send', jid, `end of ${name}`)
    await next.untilText(`end of ${name}`)

    const { lost, twice } = compare(burstOf(name, burst), [
      ...old.texts.slice(before),
      ...next.texts,
    ])
    total.sent += burst
    total.lost.push(...lost)
    total.twice.push(...twice)
    total.codes += next.told.code.length
    total.superseded += old.told.superseded.length
    total.replaced += old.told.closed.filter(({ reason }) => reason === 440).length
    await old.kill()
    old = next
  }
  return total
}

module.exports = { accounts: ACCOUNTS, run }
