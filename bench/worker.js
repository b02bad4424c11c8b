'use strict'

/**
 * The process of one store. Started by contender.js with an agent, the module that drives the store and measures this
 * process, and with what the agent is to drive. Takes `{ method, args }` messages one at a time and answers each with
 * `{ result }` or `{ error }`.
 */

const { createAgent } = require(process.argv[2])

const agent = createAgent(JSON.parse(process.argv[3]))

process.on('message', async ({ method, args }) => {
  try {
    process.send({ result: await agent[method](args) })
  } catch (error) {
    process.send({ error: error.stack })
  }
})

// The parent is gone, or done with us.
process.on('disconnect', () => process.exit())
