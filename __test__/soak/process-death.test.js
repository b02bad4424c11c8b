'use strict'

const processDeath = require('../../soak/faults/process-death')
const { runFault } = require('../../soak/run')
const { LAYOUTS } = require('../faults/layouts')

test.each(LAYOUTS)(
  'layout %s: killed again and again, a writer has lost and torn nothing',
  async (layout) => {
    const figures = await runFault(processDeath, { layout, scale: 'short' })
    expect(figures['sets acknowledged']).toBeGreaterThan(0)
  },
  180_000,
)
