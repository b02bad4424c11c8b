'use strict'

// Moves all sessions to a layout, and tells how far it has come; to be killed, or to be waited for.

const { createSessionStore } = require('..')

const options = JSON.parse(process.env.MIGRATION)

// Nobody is left to listen.
process.once('disconnect', () => process.exit())

async function main() {
  const store = createSessionStore()
  const report = await store.migrate({
    ...options,
    onProgress: (progress) => process.send(progress),
  })
  await store.close()
  process.send({ ...report, isDone: true })
}

main()
