'use strict'

const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['ada', 'ben']

/** Two accounts pair, and write to each other and in a group; then both come back in new processes, and go on. */
async function run(world) {
  const [ada, ben] = await Promise.all(
    ACCOUNTS.map((account, at) => world.pair(account, numberOf(at))),
  )
  await ada.call('send', jidOf(ben.number), 'Are you there?')
  await ben.until('message', 1)
  await ben.call('send', jidOf(ada.number), 'I am.')
  await ada.until('message', 1)
  const group = await ada.call('createGroup', 'Us', [jidOf(ben.number)])
  await ada.call('send', group, 'To all')
  await ben.until('message', 2)
  await ben.call('send', group, 'From all')
  await ada.until('message', 2)
  await Promise.all([ada, ben].map(({ number }) => world.server('hasEverything', number)))

  await Promise.all([ada, ben].map((client) => client.kill()))
  const [adaAgain, benAgain] = await Promise.all(ACCOUNTS.map((account) => world.resume(account)))
  await adaAgain.call('send', jidOf(ben.number), 'Still there?')
  await benAgain.until('message', 1)
  await benAgain.call('send', group, 'Still here')
  await adaAgain.until('message', 1)
  await adaAgain.call('send', group, 'Good')
  await benAgain.until('message', 2)

  return {
    ada: [...ada.texts, ...adaAgain.texts],
    ben: [...ben.texts, ...benAgain.texts],
    codes: adaAgain.told.code.length + benAgain.told.code.length,
    ...(await world.undecryptable()),
  }
}

module.exports = { accounts: ACCOUNTS, run }
