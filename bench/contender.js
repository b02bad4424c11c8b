'use strict'

/** The parent's side of a worker: a store in a process of its own, called over IPC. */

const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Starts a process whose agent, a module, drives `what`. */
function startContender(agent, what, { execArgv = [] } = {}) {
  const child = fork(
    path.join(__dirname, 'worker.js'),
    [path.join(__dirname, agent), JSON.stringify(what)],
    { execArgv },
  )
  const exited = once(child, 'exit')

  /** Calls one of the agent's methods; one call at a time. */
  async function call(method, args = {}) {
    child.send({ method, args })
    const answer = await Promise.race([once(child, 'message'), exited.then(() => null)])
    if (!answer) throw new Error(`the process of ${what.module} ended in ${method}`)
    const [{ result, error }] = answer
    if (error) throw new Error(`${what.module}: ${error}`)
    return result
  }

  return {
    call,
    /** Ends the process, in whatever state it is. */
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

module.exports = { startContender }
