'use strict'

const failover = require('../../soak/faults/failover')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: the standby that is promoted has all that was acknowledged, and is found',
  async (layout) => {
    const figures = await runFault(failover, { layout, scale: 'short' })
    expect(figures['sets acknowledged']).toBeGreaterThan(0)
    expect(figures['opens with the right session']).toBeGreaterThan(0)
  },
  180_000,
)
