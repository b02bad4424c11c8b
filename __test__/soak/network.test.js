'use strict'

const network = require('../../soak/faults/network')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: a failing network delays calls or refuses them in time, and loses nothing',
  async (layout) => {
    const figures = await runFault(network, { layout, scale: 'short' })
    expect(figures['sets acknowledged']).toBeGreaterThan(0)
  },
  180_000,
)
