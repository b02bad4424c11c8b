'use strict'

const fc = require('fast-check')

const { anyValue, text } = require('./arbitrary-values')
const { providers } = require('./providers')
const { expectedOf } = require('./reference')
const { World } = require('./world')

const SEED = 1_190_207
const BATCH = 250
const VALUES = 10_000

// A failing batch is reported as it is, with the seed: shrinking 250 values through a database would take minutes.
const settings = (numRuns) => ({ seed: SEED, numRuns, endOnFailure: true })

describe.each(providers.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  /** Whether the reference can write the value at all. */
  const isWritable = (value) => {
    try {
      expectedOf(world.baileys, 'session', value)
      return true
    } catch {
      return false
    }
  }

  test(`random values are what BufferJSON makes of them, seed ${SEED}`, async () => {
    let kept = 0
    let refused = 0

    const property = fc.asyncProperty(
      fc.array(anyValue, { minLength: BATCH, maxLength: BATCH }),
      async (values) => {
        const numbered = values.map((value, i) => [String(i), value])
        const writable = numbered.filter(([, value]) => isWritable(value))
        const session = Object.fromEntries(writable)
        const handle = await world.openNew()
        await handle.state.keys.set({ session })

        for (const [id, value] of numbered.filter(([, value]) => !isWritable(value))) {
          await expect(handle.state.keys.set({ session: { [id]: value } })).rejects.toThrow()
          session[id] = null
          refused++
        }
        await world.expectRecordsEverywhere(handle, { session })
        kept += writable.length
      },
    )
    // About one value in thirty cannot be written.
    await fc.assert(property, settings(Math.ceil((VALUES / BATCH) * 1.05)))
    expect(kept).toBeGreaterThanOrEqual(VALUES)
    expect(refused).toBeGreaterThan(0)
  }, 120_000)

  // Of files, only harmless ids are kept apart; the suite says which are not.
  const harmless = fc.stringMatching(/^[\w.@+=-]{0,20}$/).filter((id) => id !== '__proto__')
  const wellFormed = text.filter((id) => id.isWellFormed())
  const idText = provider.losses['ids with / and :'] ? harmless : wellFormed
  test(`random ids are kept apart, seed ${SEED}`, async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(idText, { minLength: 100, maxLength: 100 }),
      (ids) =>
        world.expectKept({
          session: Object.fromEntries(ids.map((id, i) => [id, `${i}`])),
          [`type ${ids[0]}`]: Object.fromEntries(ids.slice(1).map((id, i) => [id, { i }])),
        }),
    )
    await fc.assert(property, settings(10))
  }, 60_000)
})
