'use strict'

/**
 * Outlives the process that started a private PostgreSQL, to stop the server and remove its folder.
 *
 * Started by `postgres.js` with the folder as its argument. Its standard input tells the process id
 * to stop, one a line, the newest counts, 0 for none. The input ends when the starter asks for the
 * end or dies, by whatever signal, SIGKILL included; so one way of cleaning up serves all cases,
 * and the starter needs no signal handlers.
 */

const fs = require('node:fs')
const readline = require('node:readline')
const { setTimeout: delay } = require('node:timers/promises')

const STOP_WITHIN_MS = 10_000

function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already.
  }
}

async function main(home) {
  let pid = 0
  for await (const line of readline.createInterface({ input: process.stdin })) pid = Number(line)

  if (pid > 0) {
    // An immediate shutdown: the data is thrown away. PostgreSQL removes its pid file last; the
    // process itself may stay a zombie where nobody reaps orphans, as in a container without an
    // init.
    signal(pid, 'SIGQUIT')
    const deadline = Date.now() + STOP_WITHIN_MS
    while (fs.existsSync(`${home}/data/postmaster.pid`) && Date.now() < deadline) await delay(10)
    signal(pid, 'SIGKILL')
  }
  // Retries, since an initdb that is interrupted may still be adding files.
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

main(process.argv[2])
