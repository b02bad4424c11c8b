'use strict'

const { argumentError } = require('./errors.js')

/** What an option of a call may be, and what is said of one that is not. */
const KINDS = {
  flag: [(value) => typeof value === 'boolean', 'it must be true or false'],
  signal: [(value) => value instanceof AbortSignal, 'it must be an AbortSignal'],
  text: [(value) => typeof value === 'string', 'it must be a text'],
  func: [(value) => typeof value === 'function', 'it must be a function'],
  count: [
    (value) => Number.isInteger(value) && value > 0 && value <= 0x7fffffff,
    'it must be a whole number above 0',
  ],
}

const oneOf = (...values) => [
  (value) => values.includes(value),
  `it must be ${values.map((value) => `'${value}'`).join(' or ')}`,
]

/** Checks the options of a call; gives those that were given. */
function readOptions(options = {}, kinds, operation) {
  if (typeof options !== 'object' || options === null) {
    throw argumentError('the options must be an object', operation)
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    if (!Object.hasOwn(kinds, name)) {
      throw argumentError(`options.${name}: there is no such option`, operation)
    }
    const [isRight, problem] = kinds[name]
    if (!isRight(value)) throw argumentError(`options.${name}: ${problem}`, operation)
  }
  return Object.fromEntries(given)
}

module.exports = { KINDS, oneOf, readOptions }
