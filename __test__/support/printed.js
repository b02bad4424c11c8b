'use strict'

const { inspect } = require('node:util')

/** All that a logger or a crash report could print of a value, an error above all. */
function printedForms(value) {
  return [
    String(value),
    String(value?.message),
    String(value?.stack),
    inspect(value, { depth: null, showHidden: true, getters: true }),
    JSON.stringify(value, (_, each) => (each instanceof Error ? inspect(each) : each)) ?? '',
    JSON.stringify(Object.getOwnPropertyDescriptors(Object(value))),
  ]
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** A logger that hands on all that could be printed of what it is told. */
function printingLogger(print) {
  const log = (...line) => {
    for (const text of line.flatMap(printedForms)) print(text)
  }
  return Object.fromEntries(LEVELS.map((level) => [level, log]))
}

module.exports = { printedForms, printingLogger }
