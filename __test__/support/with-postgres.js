'use strict'

/**
 * `node with-postgres.js COMMAND ARGS…` runs a command with `TEST_DATABASE_URL` of a PostgreSQL of
 * its own.
 */

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { startPostgres } = require('./postgres')

async function main([command, ...args]) {
  if (!command) throw new Error('Usage: node with-postgres.js COMMAND ARGS…')
  const server = await startPostgres()
  const env = { ...process.env, TEST_DATABASE_URL: server.url() }
  const child = spawn(command, args, { env, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))

  let code, signal
  try {
    ;[code, signal] = await once(child, 'exit')
  } finally {
    await server.stop()
  }
  if (signal) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  process.exitCode = code ?? 1
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
