'use strict'

const serverDeath = require('../../soak/faults/server-death')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: a server that dies under load costs nothing that was acknowledged',
  async (layout) => {
    const figures = await runFault(serverDeath, { layout, scale: 'short' })
    expect(figures['sets acknowledged']).toBeGreaterThan(0)
  },
  180_000,
)
