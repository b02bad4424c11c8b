'use strict'

// A backend of its own that writes as fast as it can: to be killed, or to have its database taken away. Tells what it found
// at its start, then each set that was acknowledged and each that was refused. Started with the accounts and the strands
// that write to each.

const { createSessionStore } = require('..')
const { Marks, Strand, readStrand } = require('./strand')

const { accounts, strands, marks: given } = JSON.parse(process.env.LOAD)
const marks = new Marks(given)
const store = createSessionStore({ logger: require('./console-logger') })
const running = []

/** Resolves when the words have left this process: they arrive even if it is killed then. */
const tell = (words) => new Promise((resolve) => process.send(words, resolve))

// Nobody is left to listen.
process.once('disconnect', () => process.exit())

async function start(account) {
  const handle = await store.useAuthState(account)
  for (const name of strands) {
    const found = await readStrand(handle.state.keys, marks, name)
    await tell({ account, name, found })
    const strand = new Strand({ handle, marks, name, last: found.n })
    strand.account = account
    running.push(strand)
  }
  const saves = handle.state.creds.accountSyncCounter ?? 0
  await tell({ account, name: 'creds', found: { n: saves, isTorn: false } })
  return { handle, account, saves }
}

/** Saves the credentials now and then, each time with the next number. */
async function save({ handle: { state, saveCreds }, account, saves }) {
  for (let n = saves + 1; !running[0].isStopped; n++) {
    state.creds.accountSyncCounter = n
    await tell({ account, name: 'creds', called: n })
    await saveCreds().then(
      () => tell({ account, name: 'creds', acknowledged: n, at: Date.now() }),
      (error) => console.error(error),
    )
  }
}

async function main() {
  const opened = await Promise.all(accounts.map(start))
  const listeners = {
    onAcknowledged: ({ account, name, acknowledged }, ms) =>
      tell({ account, name, acknowledged, ms, at: Date.now() }),
    onRefused: ({ account, name }, ms, error) => {
      console.error(error)
      return tell({ account, name, refused: error.code, ms })
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
