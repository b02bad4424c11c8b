'use strict'

const { LAYOUTS } = require('../faults/layouts')
const migration = require('../../soak/faults/migration')
const { runFault } = require('../../soak/run')

test.each(LAYOUTS)(
  `${migration.title}, from layout %s`,
  async (layout) => {
    const figures = await runFault(migration, { layout, scale: 'short' })
    expect(figures).toMatchObject({
      'moves of all sessions': 2,
      'sessions in two places, or in none': 0,
      'sessions left behind': 0,
      lost: 0,
      torn: 0,
    })
    expect(figures['sets acknowledged meanwhile']).toBeGreaterThan(0)
    expect(figures['times that the owner lost an account, and opened it again']).toBeGreaterThan(0)
  },
  300_000,
)
