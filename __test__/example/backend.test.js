'use strict'

const { once } = require('node:events')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { ACCOUNT, DELAYS, connectNew, firstRow, rowWithStatus, startBackend } = require('./backend')
const { PAIRING } = require('./fake-whatsapp')

const PHONE_NUMBER = '4917012345678'

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
async function startInstance() {
  const backend = await startBackend(db, db.url)
  service = backend.service
  whatsApp = backend.whatsApp
}

/** Holds the account's row until `release` is called, so that every write to it waits. */
async function holdRow() {
  const client = new Client({ connectionString: db.url })
  await client.connect()
  await client.query('BEGIN')
  await client.query('SELECT 1 FROM whatsapp_accounts WHERE id = $1 FOR UPDATE', [ACCOUNT])
  return {
    writeIsWaiting: () =>
      firstRow(
        db,
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND query LIKE '%session_data%'`,
      ),
    async release() {
      await client.query('COMMIT')
      await client.end()
    },
  }
}

describe('pairing', () => {
  test('shows each QR code and says so in the row', async () => {
    const codes = []
    service.on('qr', (accountId, code) => codes.push([accountId, code]))

    await service.connectAccount(ACCOUNT)
    await rowWithStatus(db, 'connecting')
    const socket = await whatsApp.socket(1)
    socket.showQr('a-code')
    socket.showQr('another-code')

    expect(codes).toEqual([
      [ACCOUNT, 'a-code'],
      [ACCOUNT, 'another-code'],
    ])
    await rowWithStatus(db, 'qr')
  })

  test('restarts at once when WhatsApp closes with 515, as the identity that was just paired', async () => {
    const delays = []
    service.on('reconnecting', (_, delayMs) => delays.push(delayMs))
    const connected = once(service, 'connected')
    await service.connectAccount(ACCOUNT)
    const pairing = await whatsApp.socket(1)
    pairing.showQr('a-code')

    const row = await holdRow()
    pairing.pair()
    await row.writeIsWaiting()
    expect(whatsApp.sockets).toHaveLength(1)
    await row.release()

    const restarted = await whatsApp.socket(2)
    expect(delays).toEqual([0])
    expect(restarted.creds).not.toBe(pairing.creds)
    expect(restarted.creds.me).toEqual(PAIRING.me)
    expect(restarted.creds.signedIdentityKey).toEqual(pairing.creds.signedIdentityKey)
    expect(restarted.creds.noiseKey).toEqual(pairing.creds.noiseKey)

    restarted.open()
    expect(await connected).toEqual([ACCOUNT, PHONE_NUMBER])
    const { phone_number, session_data } = await rowWithStatus(db, 'connected')
    expect(phone_number).toBe(PHONE_NUMBER)
    expect(session_data).not.toContain(PHONE_NUMBER)
  })

  test('is over with the scan: what times out after it is tried again', async () => {
    await service.connectAccount(ACCOUNT)
    const pairing = await whatsApp.socket(1)
    pairing.showQr('a-code')
    pairing.pair()
    const restarted = await whatsApp.socket(2)
    restarted.close(408)

    expect((await whatsApp.socket(3)).creds.me).toEqual(PAIRING.me)
  })

  test('ends when nobody scans', async () => {
    const disconnected = once(service, 'disconnected')
    await service.connectAccount(ACCOUNT)
    const socket = await whatsApp.socket(1)
    socket.showQr('a-code')
    socket.close(408)

    expect(await disconnected).toEqual([ACCOUNT, 'scan_timeout', undefined])
    await rowWithStatus(db, 'disconnected')
    expect(whatsApp.sockets).toHaveLength(1)
  })
})

describe('a connection that is lost', () => {
  test('comes back with the same session, each time after a longer wait', async () => {
    const delays = []
    service.on('reconnecting', (_, delayMs) => delays.push(delayMs))
    const first = await connectNew({ service, whatsApp })
    await first.keys.set({ 'pre-key': { 1: { public: Buffer.of(1), private: Buffer.of(2) } } })

    first.close(428)
    const second = await whatsApp.socket(3)
    second.close(503)
    const third = await whatsApp.socket(4)
    await rowWithStatus(db, 'reconnecting')
    expect(third.creds.me).toEqual(PAIRING.me)
    expect(await third.keys.get('pre-key', ['1'])).toEqual({
      1: { public: Buffer.of(1), private: Buffer.of(2) },
    })

    const [pairingRestart, ...lost] = delays
    expect(pairingRestart).toBe(0)
    expect(lost).toHaveLength(2)
    // Between half and the whole of the first delay, then of twice that.
    lost.forEach((delayMs, failures) => {
      const full = DELAYS.firstMs * 2 ** failures
      expect(delayMs).toBeGreaterThanOrEqual(full / 2)
      expect(delayMs).toBeLessThanOrEqual(full)
    })

    const connected = once(service, 'connected')
    third.open()
    await connected
    await rowWithStatus(db, 'connected')
  })

  test('is not opened again by a disconnect that was asked for', async () => {
    const socket = await connectNew({ service, whatsApp })
    const disconnected = once(service, 'disconnected')
    await service.disconnectAccount(ACCOUNT)

    expect(await disconnected).toEqual([ACCOUNT, 'requested', undefined])
    expect(socket.ended).toBe(true)
    expect(service.socket(ACCOUNT)).toBeUndefined()
    await rowWithStatus(db, 'disconnected')
    expect(whatsApp.sockets).toHaveLength(2)

    await service.connectAccount(ACCOUNT)
    expect((await whatsApp.socket(3)).creds.me).toEqual(PAIRING.me)
  })
})

test('a logout on the phone clears the session, and nothing late brings it back', async () => {
  const socket = await connectNew({ service, whatsApp })
  const disconnected = once(service, 'disconnected')
  socket.close(401)

  expect(await disconnected).toEqual([ACCOUNT, 'logged_out', undefined])
  expect((await rowWithStatus(db, 'logged_out')).phone_number).toBeNull()
  socket.ev.emit('creds.update', { lastPropHash: 'late' })
  await expect(
    socket.keys.set({ 'lid-mapping': { 4917012345678: '123456789' } }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(CLOSED|SESSION_CLEARED)$/) })
  expect(await db.sessionData(ACCOUNT)).toBeNull()

  await service.connectAccount(ACCOUNT)
  const { creds } = await whatsApp.socket(3)
  expect(creds.me).toBeUndefined()
  expect(creds.signedIdentityKey).not.toEqual(socket.creds.signedIdentityKey)
})

test('an account is connected once, however often that is asked for', async () => {
  await Promise.all([service.connectAccount(ACCOUNT), service.connectAccount(ACCOUNT)])
  await service.connectAccount(ACCOUNT)
  expect(whatsApp.sockets).toHaveLength(1)

  // Asked for while the old connection is still closing: it closes first.
  const disconnected = service.disconnectAccount(ACCOUNT)
  await Promise.all([service.connectAccount(ACCOUNT), service.connectAccount(ACCOUNT)])
  await disconnected
  expect(whatsApp.sockets.map((socket) => socket.ended)).toEqual([true, false])
})

test('a shutdown loses nothing, and the next start resumes what was connected', async () => {
  const socket = await connectNew({ service, whatsApp })
  socket.ev.emit('creds.update', { lastPropHash: 'saved by nobody who waits' })
  await service.shutdown()
  await rowWithStatus(db, 'reconnecting')
  await expect(service.connectAccount(ACCOUNT)).rejects.toThrow('shutting down')

  await startInstance()
  await service.restoreAccounts()
  const resumed = await whatsApp.socket(1)
  expect(resumed.creds.me).toEqual(PAIRING.me)
  expect(resumed.creds.lastPropHash).toBe('saved by nobody who waits')
})
