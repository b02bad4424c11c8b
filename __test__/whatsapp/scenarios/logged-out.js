'use strict'

const { jidOf, numberOf } = require('../world')

const ACCOUNTS = ['friend', 'logged-out']

/**
 * An account is logged out while messages come in, by itself and by its phone in turns. Nothing is to be left of it, and
 * its next process is to show a code, which is scanned.
 *
 * @param {{ logouts: number, burst: number }} scale
 */
async function run(world, { logouts, burst }) {
  const friend = await world.pair('friend', numberOf(0))
  const total = { logouts, left: 0, 'logins with what was left': 0, unhandled: [] }
  for (let logout = 1; logout <= logouts; logout++) {
    const client = await pair(world, numberOf(logout), total)
    const sending = friend.call('burst', jidOf(client.number), `burst ${logout}`, burst)
    await client.until('message')
    if (logout % 2) await client.call('logOut')
    else await world.server('removeDevice', client.number)
    await client.until('cleared')
    await sending
    // What Baileys still had to write when its socket had ended is written now, or was refused.
    await client.stop()
    total.unhandled.push(...client.told.unhandled)
    total.left += await world.left('logged-out')
  }
  await pair(world, numberOf(logouts + 1), total)
  return total
}

/** Pairs a new process; when there was a session left to log in with, which the server does not know, another one. */
async function pair(world, number, total) {
  for (;;) {
    const client = world.start('logged-out')
    await client.call('connect')
    await client.when(({ code, cleared }) => code.length + cleared.length > 0)
    if (client.told.code.length > 0) {
      await world.scan(client, number)
      return client
    }
    total['logins with what was left']++
    await client.stop()
  }
}

module.exports = { title: 'logged out while messages come in', accounts: ACCOUNTS, run }
