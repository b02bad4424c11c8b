'use strict'

// What a backend's logger prints, all of it on the standard error.

const { inspect } = require('node:util')

const log = (...line) => process.stderr.write(`${line.map((each) => inspect(each)).join(' ')}\n`)

module.exports = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log }
