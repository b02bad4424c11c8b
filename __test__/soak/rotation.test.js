'use strict'

const { LAYOUTS } = require('../faults/layouts')
const rotation = require('../../soak/faults/rotation')
const { runFault } = require('../../soak/run')

test.each(LAYOUTS)(
  `${rotation.title}, layout %s`,
  async (layout) => {
    const figures = await runFault(rotation, { layout, scale: 'short' })
    expect(figures).toMatchObject({
      'changes of the secret': 2,
      'refused of these': 0,
      'sessions left under the earlier secret': 0,
    })
  },
  180_000,
)
