'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { run, title } = require('../../soak/faults/two-owners')

test.each(LAYOUTS)(
  `${title}, layout %s`,
  async (layout) => {
    const figures = await run({ layout, scale: 'short' })
    expect(figures).toMatchObject({ takeovers: 40, clears: 12 })
  },
  180_000,
)
