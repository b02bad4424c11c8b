'use strict'

// A backend of its own that writes as fast as it can: to be killed, or to have its database taken away. Tells what it found
// at its start, then each set that was acknowledged and each that was refused. Started with the accounts and the strands
// that write to each. `reopens`: an account that it loses, it opens again, as somebody does whose sessions are moved; else it
// goes on trying.

const { createSessionStore } = require('..')
const { Marks, Strand, readStrand } = require('./strand')

const { accounts, strands, marks: given, reopens } = JSON.parse(process.env.LOAD)
const marks = new Marks(given)
const store = createSessionStore({ logger: require('./console-logger') })
const running = []

/** Resolves when the words have left this process: they arrive even if it is killed then. */
const tell = (words) => new Promise((resolve) => process.send(words, resolve))

// Nobody is left to listen.
process.once('disconnect', () => process.exit())

/** By account: its newest handle, which is replaced when the account is lost. */
const handles = new Map()

/** Gives another handle than this one, whoever asks first. */
function reopened(account, lost) {
  if (handles.get(account) === lost) handles.set(account, store.useAuthState(account))
  return handles.get(account)
}

const isLost = ({ code }) => reopens && code === 'ERR_SESSION_SUPERSEDED'

async function start(account) {
  handles.set(account, store.useAuthState(account))
  for (const name of strands) {
    const strand = new Strand({ marks, name })
    Object.assign(strand, { account, opening: handles.get(account) })
    await goOn(strand)
    running.push(strand)
  }
  return account
}

/** Lets a strand go on from what its account's newest handle finds. */
async function goOn(strand) {
  const { account, name } = strand
  strand.handle = await strand.opening
  const found = await readStrand(strand.handle.state.keys, marks, name)
  await tell({ account, name, found })
  strand.acknowledged = found.n
}

/** The same, of an account that was lost. */
async function goOnElsewhere(strand) {
  strand.opening = reopened(strand.account, strand.opening)
  // It may be lost again before it is read.
  await goOn(strand).catch((error) => {
    if (!isLost(error)) throw error
  })
}

/** Saves the credentials now and then, each time with the next number. */
async function save(account) {
  let opening
  let n
  while (!running[0].isStopped) {
    const { state, saveCreds } = await handles.get(account)
    if (opening !== handles.get(account)) {
      opening = handles.get(account)
      n = state.creds.accountSyncCounter ?? 0
      await tell({ account, name: 'creds', found: { n, isTorn: false } })
    }
    state.creds.accountSyncCounter = ++n
    await tell({ account, name: 'creds', called: n })
    await saveCreds().then(
      () => tell({ account, name: 'creds', acknowledged: n, at: Date.now() }),
      (error) => {
        console.error(error)
        if (isLost(error)) reopened(account, opening)
      },
    )
  }
}

async function main() {
  const opened = await Promise.all(accounts.map(start))
  const listeners = {
    onAcknowledged: ({ account, name, acknowledged }, ms) =>
      tell({ account, name, acknowledged, ms, at: Date.now() }),
    onRefused: async (strand, ms, error) => {
      const { account, name } = strand
      console.error(error)
      await tell({ account, name, refused: error.code, ms })
      if (isLost(error)) await goOnElsewhere(strand)
    },
  }
  const ends = [...running.map((strand) => strand.run(listeners)), ...opened.map(save)]
  process.once('message', async () => {
    for (const strand of running) strand.isStopped = true
    await Promise.all(ends)
    await store.close()
    process.disconnect()
  })
}

main()
