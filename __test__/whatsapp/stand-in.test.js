'use strict'

// What the other tests count as nothing is counted where there is something.

const { Client } = require('pg')
const { sqlOf } = require('../faults/layouts')
const { WITHIN_MS, inWorld, jidOf, numberOf } = require('./world')

jest.setTimeout(WITHIN_MS)

const ACCOUNTS = ['ada', 'ben']

const inConversation = (work) =>
  inWorld({ store: 'rows', accounts: ACCOUNTS }, async (world) => {
    const [ada, ben] = await Promise.all(
      ACCOUNTS.map((account, at) => world.pair(account, numberOf(at))),
    )
    await ada.call('send', jidOf(ben.number), 'Are you there?')
    await ben.until('message', 1)
    await ben.call('send', jidOf(ada.number), 'I am.')
    await ada.until('message', 1)
    await work(world, ada, ben)
  })

test('a message that a device cannot decrypt is asked for again, and then read', () =>
  inConversation(async (world, ada, ben) => {
    await ben.call('forgetSession', ada.told.open.at(-1).jid)
    await ada.call('send', jidOf(ben.number), 'Do you know me?')
    await ben.untilTexts('Do you know me?')
    expect(ben.told.unreadable).toHaveLength(1)
    expect(await world.undecryptable()).toEqual({ refused: 1, retried: 1 })
  }))

// Baileys sends a message before it commits the keys that it has sealed it with.
test('a message that is asked for again before its sender is done is sent again when it is', () =>
  inConversation(async (world, ada, ben) => {
    await ben.call('forgetSession', ada.told.open.at(-1).jid)
    const blocker = new Client({ connectionString: world.db.serverUrl })
    await blocker.connect()
    try {
      await blocker.query(`BEGIN; ${sqlOf.rows.lock(ada.account)}`)
      const sent = ada.call('send', jidOf(ben.number), 'Do you know me?')
      await ada.until('asked')
      expect(ada.told.sent).toHaveLength(1)
      await blocker.query('COMMIT')
      await sent
    } finally {
      await blocker.end()
    }
    await ben.untilTexts('Do you know me?')
    expect(await world.undecryptable()).toEqual({ refused: 1, retried: 1 })
  }))

test('a device whose keys WhatsApp does not know is logged out', () =>
  inConversation(async (world, ada) => {
    await ada.kill()
    await world.server('removeDevice', ada.number)
    const again = world.start('ada')
    await again.call('connect')
    await again.until('cleared')
    expect(again.told.closed).toEqual([{ reason: 401 }])
    expect(await world.server('figures')).toMatchObject({ refusedLogins: 1 })
  }))

test('pre-keys are used up one by one, and more are uploaded when they run low', () =>
  inConversation(async (world, _, ben) => {
    // One each for the other's first message.
    expect(await world.server('preKeys', ben.number)).toBe(811)
    await world.server('leavePreKeys', ben.number, 5)
    const third = await world.pair('third', numberOf(2))
    await third.call('send', jidOf(ben.number), 'A first message')
    await ben.untilTexts('A first message')
    await world.server('hasPreKeys', ben.number, 6)
    await ben.kill()

    const back = await world.resume('ben')
    const fourth = await world.pair('fourth', numberOf(3))
    await fourth.call('send', jidOf(ben.number), 'Another first message')
    await back.untilTexts('Another first message')
    expect(await world.undecryptable()).toEqual({ refused: 0, retried: 0 })
  }))

test('a client that has nothing to say keeps its connection alive', () =>
  inWorld({ store: 'rows', accounts: [] }, async (world) => {
    const ada = await world.pair('ada', numberOf(0), { env: { KEEP_ALIVE_MS: '500' } })
    await world.server('hasPinged', ada.number)
    expect(ada.told.closed).toEqual([{ reason: 515 }])
  }))
