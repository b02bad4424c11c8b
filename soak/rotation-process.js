'use strict'

// Changes the secret of all sessions, and tells how far it has come; to be killed, or to be waited for.

const { createSessionStore } = require('..')

const options = JSON.parse(process.env.ROTATION ?? '{}')

// Nobody is left to listen.
process.once('disconnect', () => process.exit())

/** The most memory that it has taken so far, in KiB. */
const peak = () => process.resourceUsage().maxRSS

async function main() {
  const store = createSessionStore()
  let before
  const report = await store.rotate({
    ...options,
    onProgress: (progress) => {
      // The first comes when the keys are derived, which takes memory of its own.
      before ??= peak()
      process.send(progress)
    },
  })
  await store.close()
  process.send({ ...report, isDone: true, grownKiB: peak() - before })
}

main()
