'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { addAccount, expectRefused, makeProxy, makeStore, readStored } = require('./stores')

// The network to the database: refused, broken, silent. Promise 2 of the design: unreadable is never absent.

const WRITE_TIMEOUT_MS = 1_000
const UNREACHABLE = ['ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT']
/** What a busy machine may add to a time limit before a test calls it exceeded. */
const TOLERANCE_MS = 3_000

describe.each(LAYOUTS)('layout %s', (layout) => {
  const { replies } = sqlOf[layout]
  let db, proxy, store, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
    proxy = await makeProxy(db.url)
    store = makeStore(proxy.url(db.url), {
      writeTimeoutMs: WRITE_TIMEOUT_MS,
      pool: { connectTimeoutMs: 500 },
    })
  })

  const record = (n) => ({ session: { peer: { n } } })
  const read = ({ state }) => state.keys.get('session', ['peer'])

  async function expectRefusedInTime(promise, ...codes) {
    const from = performance.now()
    await expectRefused(promise, ...codes)
    expect(performance.now() - from).toBeLessThan(WRITE_TIMEOUT_MS + TOLERANCE_MS)
  }

  /** Makes a paired session and lets go of it. */
  async function paired() {
    const own = makeStore(db.url)
    const { state, saveCreds, close } = await own.useAuthState(account)
    Object.assign(state.creds, { registered: true })
    await Promise.all([saveCreds(), state.keys.set(record(1))])
    await close()
    return state.creds
  }

  describe.each([
    ['refuses connections', () => proxy.refuse(), () => proxy.accept()],
    ['is silent', () => proxy.pause(), () => proxy.resume()],
  ])('a database that %s', (_, start, end) => {
    test('makes an open fail in time, never begin afresh, and is none the worse afterwards', async () => {
      const creds = await paired()
      const before = await db.stored(account)
      start()
      await expectRefusedInTime(store.useAuthState(account), ...UNREACHABLE)
      await expectRefusedInTime(store.useAuthState(account), ...UNREACHABLE)
      expect(await db.stored(account)).toBe(before)
      end()
      const handle = await store.useAuthState(account)
      expect(handle.state.creds).toMatchObject({
        registered: true,
        registrationId: creds.registrationId,
      })
      expect(await read(handle)).toEqual({ peer: { n: 1 } })
    })

    test('makes a clear fail in time, and the session is still there', async () => {
      await paired()
      const before = await db.stored(account)
      start()
      await expectRefusedInTime(store.clear(account), ...UNREACHABLE)
      expect(await db.stored(account)).toBe(before)
      proxy.cut()
      end()
      expect((await store.useAuthState(account)).state.creds.registered).toBe(true)
    })

    test('leaves the older handle in charge when opening again fails', async () => {
      const older = await store.useAuthState(account)
      await older.state.keys.set(record(1))
      start()
      proxy.cut()
      await expectRefusedInTime(store.useAuthState(account), ...UNREACHABLE)
      end()
      await older.state.keys.set(record(2))
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 2 } })
    })

    test('for less than the time to write delays sets, and no more', async () => {
      const handle = await store.useAuthState(account)
      start()
      proxy.cut()
      const write = handle.state.keys.set(record(1))
      setTimeout(end, 200)
      await write
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 1 } })
      expect(store.stats().failedCommits).toBe(0)
    })
  })

  describe('a database that was silent for longer than the time to write', () => {
    async function giveUp() {
      const handle = await store.useAuthState(account)
      await handle.state.keys.set(record(1))
      proxy.pause()
      const write = handle.state.keys.set(record(2))
      await expectRefusedInTime(write, ...UNREACHABLE)
      // Of rows only the database knows now what they hold.
      if (layout === 'rows') await expectRefusedInTime(read(handle), ...UNREACHABLE)
      else expect(await read(handle)).toEqual({ peer: { n: 1 } })
      return handle
    }

    /** Lets the server carry out what it is sent at last; gives what it has made of it. */
    async function carryOut() {
      const before = await db.stored(account)
      proxy.resume()
      while ((await db.stored(account)) === before);
      // In rows a later try has fenced the write off, if that one is carried out first.
      return layout === 'rows' ? [1, 2] : [2]
    }

    /** Asserts that handle and database agree, on the last acknowledged value or the one that was given up. */
    async function expectAgreement(handle) {
      await handle.state.keys.set({ session: { later: { n: 3 } } })
      const { keys } = await readStored(db, account)
      expect(keys['session-later']).toEqual({ n: 3 })
      expect(await read(handle)).toEqual({ peer: keys['session-peer'] })
      return keys['session-peer'].n
    }

    test('and never got the write: the old value stays', async () => {
      const handle = await giveUp()
      proxy.cut()
      proxy.resume()
      expect(await expectAgreement(handle)).toBe(1)
    })

    test('and then carries out the write: the handle sees it as soon as it has written again', async () => {
      const handle = await giveUp()
      const possible = await carryOut()
      expect(possible).toContain(await expectAgreement(handle))
    })

    test('and then carries out the write, and another opener takes over: it keeps what it finds', async () => {
      const handle = await giveUp()
      const possible = await carryOut()
      const newer = await makeStore(db.url).useAuthState(account)
      expect(possible).toContain((await read(newer)).peer.n)
      await newer.state.keys.set(record(3))
      await expectRefused(handle.state.keys.set(record(4)), 'ERR_SESSION_SUPERSEDED')
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 3 } })
    })
  })

  describe('a connection that breaks', () => {
    test('in the middle of sets: they are tried again, and nothing is lost', async () => {
      const handle = await store.useAuthState(account)
      // So that the answers are still on their way when the connections break.
      proxy.delay({ toClientMs: 30 })
      for (let round = 0; round < 5; round++) {
        const writes = Array.from({ length: 10 }, (_, n) =>
          handle.state.keys.set({ session: { [`${round}-${n}`]: { n } } }),
        )
        setTimeout(() => proxy.cut(), 15)
        await Promise.all(writes)
      }
      const { keys } = await readStored(db, account)
      expect(Object.keys(keys)).toHaveLength(50)
      expect(store.stats().retries).toBeGreaterThan(0)
    })

    test('between two sets goes unnoticed', async () => {
      const handle = await store.useAuthState(account)
      for (let n = 0; n < 5; n++) {
        await handle.state.keys.set(record(n))
        proxy.cut()
      }
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 4 } })
    })

    test('after a commit, before its answer: the set succeeds, and the account is still ours', async () => {
      const handle = await store.useAuthState(account)
      for (let n = 1; n <= 5; n++) {
        const dropped = proxy.dropReply(replies.set)
        await handle.state.keys.set(record(n))
        await dropped
        expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n } })
      }
      expect(store.stats()).toMatchObject({ retries: 5, failedCommits: 0 })
      await handle.saveCreds()
    })

    test('after the commit of an open, before its answer: the open succeeds with what there was', async () => {
      await paired()
      const dropped = proxy.dropReply(replies.open)
      const handle = await store.useAuthState(account)
      await dropped
      expect(handle.state.creds.registered).toBe(true)
      expect(await read(handle)).toEqual({ peer: { n: 1 } })
      await handle.state.keys.set(record(2))
    })

    test('after the commit of a clear, before its answer: the row is empty and late writes are refused', async () => {
      const handle = await store.useAuthState(account)
      await handle.saveCreds()
      const dropped = proxy.dropReply(replies.clear)
      await store.clear(account)
      await dropped
      expect(await db.stored(account)).toBeNull()
      await expectRefused(handle.saveCreds(), 'ERR_SESSION_CLEARED')
      expect(await db.stored(account)).toBeNull()
    })

    test('after a commit, and another opener is faster than the next try: it has the value, the set is refused or not, but not undone', async () => {
      const handle = await store.useAuthState(account)
      const dropped = proxy.dropReply(replies.set)
      const write = handle.state.keys.set(record(1)).catch((error) => error)
      await dropped
      proxy.refuse()
      const newer = await makeStore(db.url).useAuthState(account)
      proxy.accept()
      expect(await read(newer)).toEqual({ peer: { n: 1 } })
      const error = await write
      expect([undefined, 'ERR_SESSION_SUPERSEDED']).toContain(error?.code)
      await expectRefused(handle.state.keys.set(record(2)), 'ERR_SESSION_SUPERSEDED')
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 1 } })
    })
  })
})
