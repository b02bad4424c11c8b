'use strict'

const { providers } = require('./providers')
const { Replay } = require('./replay')
const { readTrace } = require('./trace')
const { World } = require('./world')

// Calls that real Baileys made. Every answer is checked: `answers` counts its ids, `overtaken` the gets that were recorded
// with the value of a set that was called later.
const boot = { name: 'boot-v7', lines: Infinity, answers: 6626, overtaken: 0 }
const socket = { name: 'socket-v7', lines: Infinity, answers: 2245, overtaken: 0 }
const dmV6 = { name: 'dm-v6', lines: Infinity, answers: 4938, overtaken: 0 }
const dmV7 = { name: 'dm-v7', lines: Infinity, answers: 9077, overtaken: 1 }
// A layout that writes a session as a whole takes a minute and more for all of it. In the first half contacts are also
// reinstalled.
const firstHalf = { name: 'dm-v7', lines: 8_000, answers: 4592, overtaken: 1 }

/** The traces that are replayed over a provider. */
const replayed = {
  // The reference is here to prove the replay: two traces do, and the direct messages take it long.
  useMultiFileAuthState: [boot, socket],
  'layout column': [boot, socket, dmV6, firstHalf],
  'layout rows': [boot, socket, dmV6, dmV7],
  'layout rows, nothing in memory': [socket],
  'layout rows, over partitions': [socket],
}

describe.each(providers.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  test.each(replayed[provider.name])(
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
