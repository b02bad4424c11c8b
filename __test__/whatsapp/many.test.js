'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { accountsOf, run } = require('./scenarios/many')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

const ACCOUNTS = accountsOf(20)
const MESSAGES = 2

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
)
