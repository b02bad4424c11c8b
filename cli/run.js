'use strict'

/** Runs a command over a store: settings, Ctrl-C, what goes wrong. */

const { createSessionStore, SessionStoreError } = require('../index.js')
const { Declined } = require('./confirm.js')
const { DONE, FAILED, INTERRUPTED, USAGE } = require('./exit-status.js')
const { Output } = require('./output.js')
const { readSettings } = require('./settings.js')

const USAGE_CODES = new Set(['ERR_ARGUMENT', 'ERR_CONFIG', 'ERR_SECRET_TOO_SHORT'])

/**
 * Gives what makes a commander action of a command. A command gets `{ settings, store, output, signal }`, its arguments and its
 * options; it gives its exit status, nothing for success.
 */
function runner(program, onStatus) {
  return (command) =>
    async (...given) => {
      // Commander hands over the arguments, the command's own options, and the command.
      const [options] = given.splice(-2)
      onStatus(await run(command, program.opts(), given, options))
    }
}

async function run(command, { json = false, ...global }, args, options) {
  const output = new Output({ isJson: json })
  const interruption = new AbortController()
  // The second Ctrl-C is Node.js' own: it ends the process at once.
  const interrupt = () => interruption.abort(new Interrupted())
  process.once('SIGINT', interrupt)
  try {
    const settings = await readSettings(global)
    const lazy = lazyStore(settings)
    try {
      const context = { settings, output, signal: interruption.signal }
      Object.defineProperty(context, 'store', { get: lazy.get })
      return (await command(context, ...args, options)) ?? DONE
    } finally {
      await lazy.close()
    }
  } catch (error) {
    return explain(error, output)
  } finally {
    process.removeListener('SIGINT', interrupt)
    output.end()
  }
}

/** Some commands need no store, or find out what is wrong with one. */
function lazyStore(settings) {
  let store
  return {
    get: () => {
      store ??= createSessionStore(settings)
      return store
    },
    close: () => store?.close(),
  }
}

class Interrupted extends Error {}

/** Says what went wrong; gives the exit status. */
function explain(error, output) {
  if (error instanceof Interrupted) {
    output.problem(
      'interrupted; what was done until then stays done, and the same command goes on with the rest',
    )
    return INTERRUPTED
  }
  if (error instanceof Declined) {
    output.problem(error.message)
    return USAGE
  }
  if (!SessionStoreError.isOurs(error)) throw error
  output.problem(error.message, error.code)
  return USAGE_CODES.has(error.code) ? USAGE : FAILED
}

module.exports = { runner }
