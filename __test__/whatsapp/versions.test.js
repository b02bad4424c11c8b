'use strict'

const { accounts, run } = require('./scenarios/versions')
const { LAYOUTS } = require('../faults/layouts')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

test.each(LAYOUTS)('a session of Baileys 6.7 goes on under 7: layout %s', async (layout) => {
  const { sent, ...rest } = await inWorld({ store: layout, accounts }, run)
  expect(sent).toBe(24)
  expect(rest).toEqual({ lost: [], inHand: [], twice: [], codes: 0, refused: 0, retried: 0 })
})
