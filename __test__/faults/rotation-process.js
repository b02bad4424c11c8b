'use strict'

// Changes the secret of all sessions, and tells how far it has come; to be killed.

const { createSessionStore } = require('../..')

const options = JSON.parse(process.env.ROTATION ?? '{}')

async function main() {
  const report = await createSessionStore().rotate({
    ...options,
    onProgress: (progress) => process.send(progress),
  })
  process.send({ ...report, isDone: true })
}

// Nobody is left to listen.
process.once('disconnect', () => process.exit())

main()
