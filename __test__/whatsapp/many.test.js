'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { accountsOf, run } = require('./scenarios/many')
const { inWorld } = require('./world')

const ACCOUNTS = accountsOf(20)
const MESSAGES = 2

// Forty processes start.
const WITHIN_MS = 180_000

test.each(LAYOUTS)(
  'twenty accounts at once, all killed and all back: layout %s',
  async (layout) => {
    const work = (world) => run(world, { accounts: ACCOUNTS, messages: MESSAGES })
    expect(await inWorld({ store: layout, accounts: ACCOUNTS }, work)).toEqual({
      sent: 2 * ACCOUNTS.length * MESSAGES,
      lost: [],
      inHand: [],
      twice: [],
      codes: 0,
      refused: 0,
      retried: 0,
    })
  },
  WITHIN_MS,
)
