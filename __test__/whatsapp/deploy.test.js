'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { accounts, run } = require('./scenarios/deploy')
const { WITHIN_MS, inWorld } = require('./world')

jest.setTimeout(WITHIN_MS)

const DEPLOYS = 2

test.each(LAYOUTS)('a rolling deploy loses no message: layout %s', async (layout) => {
  const work = (world) => run(world, { deploys: DEPLOYS, burst: 20 })
  const { lost, twice, inHand, superseded, replaced, codes, refused, retried } = await inWorld(
    { store: layout, accounts },
    work,
  )
  expect({ lost, twice, codes, retried }).toEqual({ lost: [], twice: [], codes: 0, retried: 0 })
  // The first of each deploy ends: because a write of its was refused, or because WhatsApp has one connection a device.
  expect(superseded).toBeGreaterThanOrEqual(DEPLOYS / 2)
  expect(superseded + replaced).toBeGreaterThanOrEqual(DEPLOYS)
  // Only with the latter there is anything to lose.
  expect(inHand.length).toBeLessThanOrEqual(replaced)
  expect(refused).toBeLessThanOrEqual(inHand.length)
})
