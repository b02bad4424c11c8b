'use strict'

const { burstOf, compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['moved', 'peer']
const OLD = 'baileys-v6'
const NEW = 'baileys'
const BURST = 3

/** Both ways, to a number and in a group: what each sends, the other gets. */
async function talk(name, [one, other], group, sent) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    for (const jid of [jidOf(to.number), group]) {
      const texts = `${name}, ${from.account} ${jid === group ? 'to the group' : 'alone'}`
      await from.call('burst', jid, texts, BURST)
      await to.untilText(`${texts} ${BURST}`)
      sent.push(...burstOf(texts, BURST))
    }
  }
}

/** A session that is begun under Baileys 6.7 goes on under 7. */
async function run(world) {
  await world.server('addressGroupsByNumber')
  const before = await world.pair('moved', numberOf(0), { baileys: OLD })
  const peer = await world.pair('peer', numberOf(1), { baileys: NEW })
  const group = await peer.call('createGroup', 'Both', [jidOf(before.number)])
  const sent = []
  await talk('before', [before, peer], group, sent)
  await before.stop()
  const after = await world.resume('moved', { baileys: NEW })
  await talk('after', [after, peer], group, sent)
  return {
    sent: sent.length,
    ...compare(sent, [...before.texts, ...after.texts, ...peer.texts]),
    codes: after.told.code.length,
  }
}

module.exports = { accounts: ACCOUNTS, run }
