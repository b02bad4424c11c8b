'use strict'

/** The agent of a process that does nothing: what its event loop shows is the machine's own noise. */

const { setTimeout: delay } = require('node:timers/promises')
const { measureDelay } = require('./measure')

const createAgent = () => ({
  idle: ({ seconds }) => measureDelay(() => delay(seconds * 1e3)),
})

module.exports = { createAgent }
