'use strict'

const pooler = require('../../soak/faults/pooler')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: processes that share few connections of a pooler lose nothing, and 300 accounts do with five',
  async (layout) => {
    const figures = await runFault(pooler, { layout, scale: 'short' })
    expect(figures.accounts).toBe(300)
  },
  180_000,
)
