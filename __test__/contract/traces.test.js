'use strict'

const { providers } = require('./providers')
const { Replay } = require('./replay')
const { readTrace } = require('./trace')
const { World } = require('./world')

// Calls that real Baileys made. Every answer is checked: `answers` counts its ids, `overtaken` the gets that were recorded
// with the value of a set that was called later. A layout that writes a session as a whole takes minutes for the direct
// messages in full, so of these it is the first half, in which contacts are also reinstalled.
const traces = [
  { name: 'boot-v7', lines: Infinity, answers: 6626, overtaken: 0 },
  { name: 'socket-v7', lines: Infinity, answers: 2245, overtaken: 0 },
  { name: 'dm-v6', lines: 5_000, answers: 2468, overtaken: 0 },
  { name: 'dm-v7', lines: 8_000, answers: 4592, overtaken: 1 },
]

describe.each(providers.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  test.each(traces)(
    '$name: every answer is the recorded one',
    async ({ name, lines, ...checked }) => {
      const accountId = await world.account()
      const replay = new Replay(world.baileys, () => world.open(accountId))
      await replay.run(readTrace(name).slice(0, lines))
      expect(replay).toMatchObject(checked)

      await replay.handle.close()
      await replay.expectFinalState(await world.open(accountId))
    },
    120_000,
  )
})
