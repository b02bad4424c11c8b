'use strict'

const { Tally, burstOf } = require('../tally')
const { jidOf, numberOf } = require('../world')

const accountsOf = (count) => Array.from({ length: count }, (_, at) => `account ${at + 1}`)

/** Each writes to the next, all at once, and the last to the first. */
async function round(clients, name, count, tally) {
  const sending = clients.map((client, at) => {
    const next = clients[(at + 1) % clients.length]
    return client.call('burst', jidOf(next.number), `${name} ${client.account}:`, count)
  })
  await Promise.all(sending)
  await Promise.all(clients.map((client) => client.until('message', count)))
  tally.add(
    clients.flatMap(({ account }) => burstOf(`${name} ${account}:`, count)),
    clients.flatMap(({ texts }) => texts),
  )
}

/**
 * Many accounts pair at once, write to each other, are all killed, and all come back at once.
 *
 * @param {{ accounts: string[], messages: number }} scale
 */
async function run(world, { accounts, messages }) {
  const tally = new Tally()
  const clients = await Promise.all(
    accounts.map((account, at) => world.pair(account, numberOf(at))),
  )
  await round(clients, 'before', messages, tally)
  await Promise.all(clients.map((client) => world.server('hasEverything', client.number)))
  await Promise.all(clients.map((client) => client.kill()))
  const back = await Promise.all(accounts.map((account) => world.resume(account)))
  await round(back, 'after', messages, tally)
  const codes = back.reduce((sum, client) => sum + client.told.code.length, 0)
  return { ...tally, codes, ...(await world.undecryptable()) }
}

module.exports = { title: 'many accounts, all killed at once', accountsOf, run }
