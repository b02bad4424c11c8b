'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const {
  addAccount,
  carryOut,
  expectRefused,
  makeProxy,
  makeStore,
  readStored,
} = require('./stores')

// An open is given up for want of an answer and done again on another connection; the server carries out the first
// try all the same, when the account has gone on to somebody else. By way of the proxy a store is to this process'
// other stores as one of another process.

describe.each(LAYOUTS)('layout %s', (layout) => {
  const { requests } = sqlOf[layout]
  let db, proxy, slow, other, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
    proxy = await makeProxy(db.url)
    slow = makeStore(`${proxy.url(db.url)}?socket_timeout=1`, { writeTimeoutMs: 60_000 })
    other = makeStore(db.url)
  })

  const record = (n) => ({ session: { peer: { n } } })
  const read = async ({ state }) => (await state.keys.get('session', ['peer'])).peer?.n ?? null

  /** Opens the account by a request that is held, and by another one in its place. */
  async function openTwice(request) {
    const held = proxy.holdRequest(request)
    const handle = await slow.useAuthState(account)
    await held
    return handle
  }

  test('an open that comes late gives nothing back to an opener that has lost the account since', async () => {
    const first = await other.useAuthState(account)
    await first.state.keys.set(record(1))
    await first.close()
    const older = await openTwice(requests.take)
    await older.state.keys.set(record(2))
    const newer = await other.useAuthState(account)
    await newer.state.keys.set(record(3))
    await carryOut(db, proxy)
    await expectRefused(older.state.keys.set(record(4)), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await newer.state.keys.set({ 'pre-key': { 1: { n: 1 } } })
    expect(await read(newer)).toBe(3)
    expect((await readStored(db, account)).keys['session-peer']).toEqual({ n: 3 })
  })

  test('an open that comes late takes nothing from its own handle', async () => {
    await (await other.useAuthState(account)).close()
    const handle = await openTwice(requests.take)
    await handle.state.keys.set(record(1))
    await carryOut(db, proxy)
    await handle.state.keys.set(record(2))
    expect((await readStored(db, account)).keys['session-peer']).toEqual({ n: 2 })
  })

  test.each([
    ['had written nothing', 0],
    ['had written', 1],
  ])(
    'a first open that comes late, after a clear, gives no session back to a handle that %s',
    async (_, n) => {
      const older = await openTwice(requests.begin)
      if (n > 0) await older.state.keys.set(record(n))
      await other.clear(account)
      await carryOut(db, proxy)
      const codes = ['ERR_SESSION_CLEARED', 'ERR_SESSION_SUPERSEDED']
      await expectRefused(older.state.keys.set(record(9)), ...codes)
      await expectRefused(older.saveCreds(), ...codes)
      const newer = await other.useAuthState(account)
      expect(await read(newer)).toBeNull()
      await newer.state.keys.set(record(10))
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 10 } })
    },
  )
})
