'use strict'

const { compare } = require('../tally')
const { jidOf, numberOf } = require('../world')

const accountsOf = (count) => Array.from({ length: count }, (_, at) => `account ${at + 1}`)

/** Each writes to the next, all at once; the last to the first. Resolves when everybody has everything. */
async function round(clients, name, count) {
  const sent = []
  const sending = clients.map((client, at) => {
    const next = clients[(at + 1) % clients.length]
    for (let n = 1; n <= count; n++) sent.push(`${name} of ${client.account} ${n}`)
    return client.call('burst', jidOf(next.number), `${name} of ${client.account}`, count)
  })
  await Promise.all(sending)
  await Promise.all(clients.map((client) => client.until('message', count)))
  return compare(
    sent,
    clients.flatMap(({ texts }) => texts),
  )
}

/**
 * Many accounts pair at once, write to each other, are all killed, and all come back at once.
 *
 * @param {{ accounts: string[], messages: number }} scale
 */
async function run(world, { accounts, messages }) {
  const clients = await Promise.all(
    accounts.map((account, at) => world.pair(account, numberOf(at))),
  )
  const before = await round(clients, 'before', messages)
  await Promise.all(clients.map((client) => world.server('hasEverything', client.number)))
  await Promise.all(clients.map((client) => client.kill()))
  const back = await Promise.all(accounts.map((account) => world.resume(account)))
  const after = await round(back, 'after', messages)
  return {
    sent: 2 * accounts.length * messages,
    lost: [...before.lost, ...after.lost],
    twice: [...before.twice, ...after.twice],
    codes: back.reduce((codes, client) => codes + client.told.code.length, 0),
  }
}

module.exports = { accountsOf, run }
