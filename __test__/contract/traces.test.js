'use strict'

const { providers } = require('./providers')
const { Replay } = require('./replay')
const { readTrace } = require('./trace')
const { World } = require('./world')

// Calls that real Baileys made. Every answer is checked: `answers` counts its ids, `overtaken` the gets that were recorded
// with the value of a set that was called later. All traces are replayed in full but the last, of which it is the first
// half (in which contacts are also reinstalled): a layout that writes a session as a whole takes a minute and more for all.
const traces = [
  { name: 'boot-v7', lines: Infinity, answers: 6626, overtaken: 0 },
  { name: 'socket-v7', lines: Infinity, answers: 2245, overtaken: 0 },
  { name: 'dm-v6', lines: Infinity, answers: 4938, overtaken: 0 },
  { name: 'dm-v7', lines: 8_000, answers: 4592, overtaken: 1 },
]

describe.each(providers.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  // The reference is here to prove the replay: two traces do, and the direct messages take it long.
  const replayed = provider.isReference ? traces.slice(0, 2) : traces
  test.each(replayed)(
    '$name: every answer is the recorded one',
    async ({ name, lines, ...checked }) => {
      const accountId = await world.account()
      const replay = new Replay(world.baileys, () => world.open(accountId))
      await replay.run(readTrace(name).slice(0, lines))
      expect(replay).toMatchObject(checked)

      await replay.handle.close()
      await replay.expectFinalState(await world.open(accountId))
    },
    240_000,
  )
})
