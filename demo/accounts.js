'use strict'

/**
 * The process that holds all accounts, as a backend does: the one that gets killed. It does what
 * its parent asks for, in any order and many things at once, and answers each request by its
 * number.
 */

const { clearDatabaseSession } = require('baileys-postgres-auth')
const { Account } = require('./account')
const { PeerLocks } = require('./peer-locks')

// libsignal prints whole sessions, private keys included.
for (const level of ['debug', 'error', 'info', 'log', 'warn']) console[level] = () => {}

// Baileys is an ES module.
const baileys = import('baileys')
const accounts = new Map()
const peers = new PeerLocks()
let writes = []
let closing = false

/** The devices whose sessions a request touches. */
const touchedBy = ({ to, from, members }) => members ?? [to ?? from].filter(Boolean)

const requests = {
  async open(accountId) {
    const account = new Account(await baileys, (kind, ms) => writes.push({ kind, ms }))
    const creds = await account.open(accountId)
    accounts.set(accountId, account)
    return creds
  },
  async logOut(accountId) {
    await clearDatabaseSession(accountId)
  },
  /** Releases everything. Then nothing of ours may keep this process alive. */
  async close() {
    for (const account of accounts.values()) await account.close()
    closing = true
  },
}

async function serve({ method, accountId, args }) {
  if (requests[method]) return requests[method](accountId)
  return peers.hold(touchedBy(args), () => accounts.get(accountId)[method](args))
}

process.on('message', async (request) => {
  const answer = { number: request.number }
  try {
    answer.value = await serve(request)
  } catch (error) {
    answer.error = { message: [error.code, error.message].filter(Boolean).join(' ') }
  }
  answer.writes = writes
  writes = []
  process.send(answer, () => {
    if (closing && process.connected) process.disconnect()
  })
})

// The parent is gone.
process.on('disconnect', () => {
  if (!closing) process.exit(1)
})
