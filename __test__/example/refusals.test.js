'use strict'

// What the service does when the store refuses: an account that another instance has, a session that cannot be read or
// was cleared, a database that is away.

const { once } = require('node:events')
const path = require('node:path')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { startProxy } = require('../support/proxy')
const { ACCOUNT, connectNew, rowWithStatus, startBackend } = require('./backend')
const { PAIRING } = require('./fake-whatsapp')

let db
let service
let whatsApp

beforeEach(async () => {
  db = await createDatabase({ accounts: [ACCOUNT] })
  await startInstance()
})

afterEach(async () => {
  await service.shutdown()
  await db.drop()
})

/** From here on the test speaks to a new instance of the backend. */
async function startInstance(databaseUrl = db.url, storeOptions = {}) {
  const backend = await startBackend(db, databaseUrl, storeOptions)
  service = backend.service
  whatsApp = backend.whatsApp
}

describe('a second instance that connects the account', () => {
  let second

  beforeEach(() => {
    second = startChild(path.join(__dirname, 'second-instance.js'))
  })

  afterEach(async () => {
    await second.stop()
  })

  const writes = {
    'a save of credentials': (socket) => socket.ev.emit('creds.update', { lastPropHash: 'late' }),
    'a write of keys, of which only the store knows': (socket) =>
      expect(
        socket.keys.set({ 'lid-mapping': { 4917012345678: '123456789' } }),
      ).rejects.toMatchObject({ code: 'ERR_SESSION_SUPERSEDED' }),
  }
  test.each(Object.entries(writes))('has it: the first stops at %s', async (_, write) => {
    const socket = await connectNew({ service, whatsApp })
    const disconnected = once(service, 'disconnected')

    expect(await second.call('connect', db.url, ACCOUNT)).toBe(PAIRING.me.id)
    const taken = await db.sessionData(ACCOUNT)
    await write(socket)

    expect(await disconnected).toEqual([ACCOUNT, 'taken_over', undefined])
    expect(socket.ended).toBe(true)
    expect(await db.sessionData(ACCOUNT)).toBe(taken)
    expect(whatsApp.sockets).toHaveLength(2)
    // What the row says is the second instance's business.
    await rowWithStatus(db, 'connected')
    await second.call('shutdown')
    await rowWithStatus(db, 'reconnecting')
  })
})

test('a session that was cleared elsewhere is not brought back', async () => {
  const socket = await connectNew({ service, whatsApp })
  const disconnected = once(service, 'disconnected')
  await db.query('UPDATE whatsapp_accounts SET session_data = NULL')
  socket.ev.emit('creds.update', { lastPropHash: 'late' })

  expect(await disconnected).toEqual([ACCOUNT, 'taken_over', undefined])
  expect(socket.ended).toBe(true)
  expect(await db.sessionData(ACCOUNT)).toBeNull()
  expect(whatsApp.sockets).toHaveLength(2)
})

test('an unreadable session is left as it is, and never replaced by a fresh one', async () => {
  await connectNew({ service, whatsApp })
  await service.shutdown()
  const envelope = JSON.parse(await db.sessionData(ACCOUNT))
  const changed = JSON.stringify({ ...envelope, authTag: '0'.repeat(32) })
  await db.query('UPDATE whatsapp_accounts SET session_data = $1', [changed])

  await startInstance()
  const disconnected = once(service, 'disconnected')
  await expect(service.connectAccount(ACCOUNT)).rejects.toMatchObject({ code: 'ERR_UNREADABLE' })
  expect(await disconnected).toEqual([
    ACCOUNT,
    'failed',
    expect.objectContaining({ code: 'ERR_UNREADABLE' }),
  ])
  await rowWithStatus(db, 'failed')
  expect(whatsApp.sockets).toHaveLength(0)
  expect(await db.sessionData(ACCOUNT)).toBe(changed)
})

test('an account without a row is told to the caller', async () => {
  await expect(service.connectAccount('nobody')).rejects.toMatchObject({
    code: 'ERR_ACCOUNT_NOT_FOUND',
  })
  expect(whatsApp.sockets).toHaveLength(0)
})

test('a database that is away is tried again until it is back', async () => {
  const proxy = await startProxy(db.url)
  try {
    // The store itself gives up soon, so that the service is seen to go on.
    await startInstance(proxy.url(db.url), { writeTimeoutMs: 100 })
    proxy.refuse()
    const reconnecting = once(service, 'reconnecting')
    await service.connectAccount(ACCOUNT)
    await reconnecting
    expect(whatsApp.sockets).toHaveLength(0)

    proxy.accept()
    const socket = await whatsApp.socket(1)
    expect(socket.creds.me).toBeUndefined()
    await service.shutdown()
  } finally {
    await proxy.close()
  }
})
