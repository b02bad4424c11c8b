'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')

// Opens accounts in a process of its own and tells what it reads there, as `describeAnswer` and `describeValue` write it.
// As a module it is the parent's side, as a script the child.

/**
 * Starts the child.
 *
 * @param {{ name: string }} provider
 * @param {object} place where the provider keeps its accounts
 */
function startSecondProcess(provider, place) {
  const child = fork(__filename, [provider.name, JSON.stringify(place)], { execArgv: [] })
  const ended = once(child, 'exit')

  const endedEarly = ended.then(([code, signal]) => {
    throw new Error(`the second process ended by itself: ${signal ?? code}`)
  })
  endedEarly.catch(() => {})

  const waiting = new Map()
  let requests = 0
  child.on('message', ({ request, error, ...reply }) => {
    const { resolve, reject } = waiting.get(request)
    waiting.delete(request)
    if (error) reject(new Error(`in the second process: ${error}`))
    else resolve(reply)
  })

  return {
    /**
     * Opens the account afresh and reads.
     *
     * @param {string} accountId
     * @param {[string, string[]][]} reads types, each with the ids to get
     * @returns {Promise<{ creds: string, answers: [string, string][][] }>}
     */
    read(accountId, reads) {
      const request = ++requests
      const reply = new Promise((resolve, reject) => waiting.set(request, { resolve, reject }))
      child.send({ request, accountId, reads })
      return Promise.race([reply, endedEarly])
    },

    /** Lets the child end, which it has to do by itself. */
    async stop() {
      child.disconnect()
      const [code, signal] = await ended
      if (code !== 0) throw new Error(`the second process ended with ${signal ?? code}`)
    },
  }
}

async function serve(providerName, place) {
  const { providers } = require('./providers')
  const { describeAnswer, describeValue } = require('./describe-value')
  const { classesOf } = require('./reference')
  const classes = classesOf(await import('baileys'))
  const connection = providers.find(({ name }) => name === providerName).connect(place)

  async function read(accountId, reads) {
    const { state, close } = await connection.open(accountId)
    const answers = []
    for (const [type, ids] of reads) {
      answers.push(describeAnswer(await state.keys.get(type, ids), classes))
    }
    await close()
    return { creds: describeValue(state.creds, classes), answers }
  }

  process.on('message', ({ request, accountId, reads }) => {
    read(accountId, reads).then(
      (reply) => process.send({ request, ...reply }),
      (error) => process.send({ request, error: error.stack }),
    )
  })
  process.on('disconnect', () => connection.close())
}

if (require.main === module) serve(process.argv[2], JSON.parse(process.argv[3]))

module.exports = { startSecondProcess }
