'use strict'

const { LAYOUTS } = require('../faults/layouts')
const twoOwners = require('../../soak/faults/two-owners')
const { runFault } = require('../../soak/run')

test.each(LAYOUTS)(
  `${twoOwners.title}, layout %s`,
  async (layout) => {
    const figures = await runFault(twoOwners, { layout, scale: 'short' })
    expect(figures).toMatchObject({ takeovers: 40, clears: 12 })
  },
  180_000,
)
