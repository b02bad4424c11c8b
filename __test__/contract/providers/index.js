'use strict'

const { database } = require('./database')

/**
 * Every store that the contract suite runs over. A provider is
 * - `name`, `isReference`, and `losses`: what it is known not to keep, and what becomes of it;
 * - `setUp()`: makes an empty place of its own, `{ place, addAccount(accountId), tearDown() }`, where `place` is plain JSON;
 * - `connect(place)`: `{ open(accountId), close() }`, in any process; `open` gives `{ state, saveCreds, close }`.
 */
const providers = [
  require('./multi-file'),
  // The original form joins type and id by a hyphen. Half a surrogate pair is no text to PostgreSQL or Rust.
  database('column', {
    'where the type ends': 'one record',
    'ids with lone surrogates': 'refused',
  }),
]

module.exports = { providers }
