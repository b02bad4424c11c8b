'use strict'

const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

const PROJECT = path.join(__dirname, '../..')

/** What an error says, in a form that goes from process to process. */
function plain({ name, message, stack, code, operation, accountId, sqlState }) {
  return { name, message, stack, code, operation, accountId, sqlState }
}

/**
 * Runs a script in a Node.js process of its own, in the project's folder, and waits until it ends by itself.
 *
 * @param {string} source CommonJS
 * @param {{ [name: string]: string }} env added to this process' environment
 * @returns `code` and `signal` it ended with, its output, and when its last line came and when it ended, in ms
 */
async function runScript(source, env = {}) {
  const child = spawn(process.execPath, ['-e', source], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result = { stdout: '', stderr: '', lastOutputAt: performance.now() }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      result[name] += text
      result.lastOutputAt = performance.now()
    })
  }
  const exited = once(child, 'exit').then((end) => [...end, performance.now()])
  await once(child, 'close')
  const [code, signal, endedAt] = await exited
  return { ...result, code, signal, lingeredMs: endedAt - result.lastOutputAt }
}

/**
 * Starts a module that calls `serve`, in a process of its own.
 *
 * @param {string} file
 * @param {{ [name: string]: string }} env added to this process' environment
 * @param {{ onOutput?: (text: string) => void }} options what gets its output, instead of this process'
 */
function startChild(file, env = {}, { onOutput } = {}) {
  const child = fork(file, [], {
    execArgv: [],
    env: { ...process.env, ...env },
    serialization: 'advanced',
    silent: onOutput !== undefined,
  })
  for (const output of [child.stdout, child.stderr])
    output?.setEncoding('utf8').on('data', onOutput)
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  // Everything that it has sent has arrived once the channel is closed, which can be later than its end.
  const drained = once(child, 'disconnect').then(() => ended)
  const waiting = new Map()
  let calls = 0

  ended.then(({ code, signal }) => {
    for (const { reject } of waiting.values()) {
      reject(new Error(`the process ended with ${signal ?? code}`))
    }
  })
  child.on('message', ({ call, result, error }) => {
    if (call === undefined) return
    const { resolve, reject } = waiting.get(call)
    waiting.delete(call)
    if (error) reject(Object.assign(new Error(error.message), error))
    else resolve(result)
  })

  return {
    pid: child.pid,
    ended,
    /** Resolves likewise, when everything that it had sent has arrived. */
    drained,
    /** Calls one of the methods that it serves; an error it throws there is thrown here. */
    call(method, ...args) {
      return new Promise((resolve, reject) => {
        waiting.set(++calls, { resolve, reject })
        child.send({ call: calls, method, args })
      })
    },
    /** Sends it a message that is no call. */
    tell(message) {
      child.send(message)
    },
    /** Listens to what it sends of its own accord, by `process.send`. */
    onMessage(listener) {
      child.on('message', (message) => {
        if (message.call === undefined) listener(message)
      })
    },
    /** Ends it by a signal, and resolves when everything it had sent has arrived. */
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      return drained
    },
    /** Lets it end by itself. */
    stop() {
      if (child.connected) child.disconnect()
      return ended
    },
  }
}

/** The child's side: answers calls by these methods. */
function serve(methods) {
  process.on('message', async ({ call, method, args }) => {
    try {
      process.send({ call, result: await methods[method](...args) })
    } catch (error) {
      process.send({ call, error: plain(error) })
    }
  })
}

module.exports = { runScript, serve, startChild }
