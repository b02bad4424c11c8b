'use strict'

const { Tally, burstOf } = require('../tally')
const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['moved', 'peer']
const OLD = 'baileys-v6'
const NEW = 'baileys'
const BURST = 3

/** Both ways, to a number and in a group: what each sends, the other gets. */
async function talk(name, [one, other], group, tally) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    for (const jid of [jidOf(to.number), group]) {
      const burst = `${name}, ${from.account} to ${jid === group ? 'the group' : to.account}:`
      await from.call('burst', jid, burst, BURST)
      await to.untilTexts(...burstOf(burst, BURST))
      tally.add(burstOf(burst, BURST), to.texts)
    }
  }
}

/** A session that is begun under Baileys 6.7 goes on under 7. */
async function run(world) {
  await world.server('addressGroupsByNumber')
  const before = await world.pair('moved', numberOf(0), { baileys: OLD })
  const peer = await world.pair('peer', numberOf(1), { baileys: NEW })
  const group = await peer.call('createGroup', 'Both', [jidOf(before.number)])
  const tally = new Tally()
  await talk('before', [before, peer], group, tally)
  await before.stop()
  const after = await world.resume('moved', { baileys: NEW })
  await talk('after', [after, peer], group, tally)
  return { ...tally, codes: after.told.code.length, ...(await world.undecryptable()) }
}

module.exports = { title: 'from Baileys 6.7 to 7', accounts: ACCOUNTS, run }
