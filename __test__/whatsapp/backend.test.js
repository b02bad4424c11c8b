'use strict'

const { firstRow } = require('../example/backend')
const { Backend } = require('./backend/backend')
const { WITHIN_MS, inWorld, jidOf, numberOf } = require('./world')

jest.setTimeout(WITHIN_MS)

const ACCOUNT = 'support-desk'
const NUMBER = numberOf(0)

const rowWith = (db, status) =>
  firstRow(db, 'SELECT * FROM whatsapp_accounts WHERE id = $1 AND status = $2', [ACCOUNT, status])

/** Starts the backend's program; whatever the test makes of it, it ends. */
async function withBackend(world, accounts, work) {
  const backend = new Backend(accounts, world.env)
  try {
    return await work(backend)
  } finally {
    await backend.end('SIGKILL')
  }
}

test('the example backend pairs, comes back without a code, reads on, and is logged out', () =>
  inWorld({ store: 'column', accounts: [ACCOUNT, 'customer'] }, async (world) => {
    await withBackend(world, [ACCOUNT], async (backend) => {
      const { qr } = await backend.until('scan this')
      await rowWith(world.db, 'qr')
      await world.server('scan', qr, NUMBER)
      await backend.until('connected')
      expect(await rowWith(world.db, 'connected')).toMatchObject({ phone_number: NUMBER })
    })

    const customer = await world.pair('customer', numberOf(1))
    await customer.call('send', jidOf(NUMBER), 'Anybody there?')

    // It was killed: its accounts are those whose rows say that they were connected.
    await withBackend(world, [], async (backend) => {
      await backend.until('connected')
      await backend.until('messages')
      await world.server('hasEverything', NUMBER)
      expect(backend.said('scan this')).toEqual([])
      expect(await backend.end('SIGTERM')).toEqual({ code: 0, signal: null })
      await rowWith(world.db, 'reconnecting')
    })

    await withBackend(world, [], async (backend) => {
      await backend.until('connected')
      expect(backend.said('scan this')).toEqual([])
      await world.server('removeDevice', NUMBER)
      expect(await backend.until('disconnected')).toMatchObject({ reason: 'logged_out' })
      expect(await rowWith(world.db, 'logged_out')).toMatchObject({
        phone_number: null,
        session_data: null,
      })
    })

    await withBackend(world, [ACCOUNT], (backend) => backend.until('scan this'))
    expect(await world.undecryptable()).toEqual({ refused: 0, retried: 0 })
  }))
