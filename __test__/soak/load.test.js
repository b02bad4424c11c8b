'use strict'

const load = require('../../soak/faults/load')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: many accounts share the connections of the pool',
  async (layout) => {
    const figures = await runFault(load, { layout, scale: 'short' })
    expect(figures.writes).toBeGreaterThan(figures.accounts)
  },
  180_000,
)
