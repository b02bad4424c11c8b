'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { accounts, run } = require('./scenarios/logged-out')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

test.each(LAYOUTS)(
  'a logout leaves nothing, and the next process shows a code: layout %s',
  async (layout) => {
    const work = (world) => run(world, { logouts: 2, burst: 15 })
    expect(await inWorld({ store: layout, accounts }, work)).toEqual({
      logouts: 2,
      left: 0,
      'logins with what was left': 0,
      unhandled: [],
    })
  },
)
