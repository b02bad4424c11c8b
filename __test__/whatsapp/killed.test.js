'use strict'

const { LAYOUTS } = require('../faults/layouts')
const receiver = require('./scenarios/killed-receiver')
const sender = require('./scenarios/killed-sender')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

const KILLS = 2
const SCALE = { kills: KILLS, burst: 30 }

describe.each(LAYOUTS)('layout %s', (layout) => {
  test.each([receiver, sender])('$title', async ({ accounts, run }) => {
    const work = (world) => run(world, SCALE)
    const { lost, twice, inHand, codes, refused, retried } = await inWorld(
      { store: layout, accounts },
      work,
    )
    expect({ lost, twice, codes, retried }).toEqual({ lost: [], twice: [], codes: 0, retried: 0 })
    // Of each kill the message in hand, and no more: see the scenarios.
    expect(inHand.length).toBeLessThanOrEqual(KILLS)
    expect(refused).toBeLessThanOrEqual(inHand.length)
  })
})
