'use strict'

const { Tally, burstOf, inHandAfter } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['sender', 'deployed']
const REPLACED = 440

/**
 * Rolling deploys in the middle of bursts: a second process opens the account while the first still has it, and connects
 * with what it finds; in turns at once, and after the first has had something to write.
 *
 * @param {{ deploys: number, burst: number }} scale
 */
async function run(world, { deploys, burst }) {
  const sender = await world.pair('sender', numberOf(0))
  let old = await world.pair('deployed', numberOf(1))
  const jid = jidOf(old.number)
  const tally = new Tally()
  const total = { superseded: 0, replaced: 0, codes: 0 }

  for (let deploy = 1; deploy <= deploys; deploy++) {
    const texts = [...burstOf(`burst ${deploy}`, burst), `during ${deploy}`]
    const before = old.texts.length
    const sent = sender.call('burst', jid, `burst ${deploy}`, burst)
    await old.until('message', before + 1)
    const next = world.start('deployed')
    await next.call('open')
    const during = sent.then(() => sender.call('send', jid, `during ${deploy}`))
    // What the first writes now is refused in a database, and is not its own in files either.
    if (deploy % 2) await (world.db ? old.until('superseded') : old.untilTexts(`during ${deploy}`))
    await next.call('connect')
    await next.until('open')
    await old.until('closed')
    await during
    await world.sendLast(sender, next, `end of burst ${deploy}`)

    const told = old.texts.slice(before)
    tally.add(texts, [...told, ...next.texts], inHandAfter(texts, told))
    total.superseded += old.told.superseded.length
    total.replaced += old.told.closed.filter(({ reason }) => reason === REPLACED).length
    total.codes += next.told.code.length
    await old.kill()
    old = next
  }
  return { ...tally, ...total, ...(await world.undecryptable()) }
}

module.exports = { title: 'a second process takes over', accounts: ACCOUNTS, run }
