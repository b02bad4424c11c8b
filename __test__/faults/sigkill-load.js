'use strict'

// Writes to accounts as fast as it can, and tells what was acknowledged; to be killed. Started with the accounts and the
// names of the strands that write to each, one set after another.

const { createSessionStore } = require('../..')

const { accounts, strands } = JSON.parse(process.env.LOAD)
const store = createSessionStore()

/** Each set writes four records of a strand, with one number. */
async function write({ state }, account, strand) {
  let { [strand]: last } = await state.keys.get('session', [strand])
  for (;;) {
    const n = (last?.n ?? 0) + 1
    last = { n }
    await state.keys.set({
      session: { [strand]: last },
      'pre-key': { [`${strand}-${n % 5}`]: last },
      'sender-key': { [strand]: Buffer.from(JSON.stringify(last)) },
      'sender-key-memory': { [strand]: last },
    })
    process.send({ account, strand, n })
  }
}

async function main() {
  const handles = await Promise.all(accounts.map((account) => store.useAuthState(account)))
  for (const [at, handle] of handles.entries()) {
    for (const strand of strands) write(handle, accounts[at], strand)
  }
}

main()
