'use strict'

const refusedWrites = require('../../soak/faults/refused-writes')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: writes go on once their cause of refusal is gone',
  async (layout) => {
    const figures = await runFault(refusedWrites, { layout, scale: 'short' })
    expect(figures['sets acknowledged']).toBeGreaterThan(0)
  },
  180_000,
)
