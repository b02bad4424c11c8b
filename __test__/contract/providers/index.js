'use strict'

const { database } = require('./database')

// Half a surrogate pair is no text to PostgreSQL or Rust.
const losses = { 'ids with lone surrogates': 'refused' }

/**
 * Every store that the contract suite runs over. A provider is
 * - `name`, `isReference`, and `losses`: what it is known not to keep, and what becomes of it;
 * - `setUp()`: makes an empty place of its own, `{ place, addAccount(accountId), tearDown() }`, where `place` is plain JSON;
 * - `connect(place)`: `{ open(accountId), close() }`, in any process; `open` gives `{ state, saveCreds, close }`.
 */
const providers = [
  require('./multi-file'),
  database('column', {
    name: 'layout column',
    // The original form joins type and id by a hyphen.
    losses: { ...losses, 'where the type ends': 'one record' },
  }),
  database('rows', { name: 'layout rows', losses }),
  // What is read from the database has to be as right as what is in memory.
  database('rows', { name: 'layout rows, nothing in memory', losses, options: { cacheBytes: 0 } }),
  database('rows', { name: 'layout rows, over partitions', losses, partitions: 4 }),
]

module.exports = { providers }
