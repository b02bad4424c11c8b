'use strict'

const { accounts, run } = require('./scenarios/conversation')
const { STORES, WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

// The files too: what the stand-in for WhatsApp says is what Baileys' own store can live with.
test.each(STORES)(
  'two accounts pair, talk, come back without a code and go on: %s',
  async (store) => {
    const { ada, ben, codes, refused, retried } = await inWorld({ store, accounts }, run)
    expect(ada).toEqual(['I am.', 'From all', 'Still here'])
    expect(ben).toEqual(['Are you there?', 'To all', 'Still there?', 'Good'])
    expect({ codes, refused, retried }).toEqual({ codes: 0, refused: 0, retried: 0 })
  },
)
