'use strict'

const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const {
  addAccount,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  readStored,
} = require('./stores')

// Baileys flushes an index when its socket closes: calls after `close()` are routine.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, store, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
    store = makeStore(db.url)
  })

  const record = (n) => ({ session: { peer: { n } } })

  async function expectClosed({ state, saveCreds }) {
    await expectRefused(saveCreds(), 'ERR_CLOSED')
    await expectRefused(state.keys.set(record(9)), 'ERR_CLOSED')
    await expectRefused(state.keys.clear(), 'ERR_CLOSED')
    await expectRefused(state.keys.get('session', ['peer']), 'ERR_CLOSED')
    await expectRefused(state.keys.list('session').next(), 'ERR_CLOSED')
    await expectRefused(state.keys.listIds('session').next(), 'ERR_CLOSED')
  }

  async function expectWritable({ state, saveCreds }, n) {
    await Promise.all([saveCreds(), state.keys.set(record(n))])
    expect((await readStored(db, account)).keys['session-peer']).toEqual({ n })
  }

  test('after close() every call is refused, and nothing changes', async () => {
    const handle = await store.useAuthState(account)
    await handle.state.keys.set(record(1))
    await handle.close()
    const before = await db.stored(account)
    await expectClosed(handle)
    expect(await db.stored(account)).toBe(before)
  })

  test('calls that come right after close() was called are refused already', async () => {
    const handle = await store.useAuthState(account)
    const closing = handle.close()
    await expectClosed(handle)
    await closing
  })

  test('close() waits until everything written so far is durable', async () => {
    const proxy = await makeProxy(db.url)
    const slow = makeStore(proxy.url(db.url))
    const { state, saveCreds, close } = await slow.useAuthState(account)
    proxy.delay({ toServerMs: 30, toClientMs: 30 })
    state.creds.registered = true
    saveCreds()
    state.keys.set(record(1))
    await close()
    const stored = await readStored(db, account)
    expect(stored).toMatchObject({
      creds: { registered: true },
      keys: { 'session-peer': { n: 1 } },
    })
    await slow.close()
  })

  test('closing twice is fine', async () => {
    const handle = await store.useAuthState(account)
    await Promise.all([handle.close(), handle.close()])
    await handle.close()
  })

  test('a closed account can be opened again, with all that was written', async () => {
    const handle = await store.useAuthState(account)
    await Promise.all([handle.saveCreds(), handle.state.keys.set(record(1))])
    await handle.close()
    const newer = await store.useAuthState(account)
    expect(newer.state.creds.registrationId).toBe(handle.state.creds.registrationId)
    expect(await newer.state.keys.get('session', ['peer'])).toEqual({ peer: { n: 1 } })
    await expectWritable(newer, 2)
  })

  test('closing an older handle does not touch the newer one', async () => {
    const older = await store.useAuthState(account)
    const newer = await store.useAuthState(account)
    await older.close()
    await expectClosed(older)
    await expectWritable(newer, 1)
  })

  describe('closing and opening at once gives a handle that works', () => {
    test.each([
      ['close, open', ({ close }) => void close(), () => {}],
      ['save, close, open', ({ saveCreds, close }) => void [saveCreds(), close()], () => {}],
      ['open, close', () => {}, ({ close }) => void close()],
      ['save, open, close', ({ saveCreds }) => void saveCreds(), ({ close }) => void close()],
    ])('%s', async (_, before, after) => {
      for (let round = 1; round <= 20; round++) {
        const older = await store.useAuthState(account)
        before(older)
        const opening = store.useAuthState(account)
        after(older)
        await expectWritable(await opening, round)
      }
    })
  })

  test('calls after close() that nobody awaits are no unhandled rejections', async () => {
    const script = `
    const { createSessionStore } = require('.')
    async function main() {
      const store = createSessionStore()
      const { state, saveCreds, close } = await store.useAuthState('${account}')
      const late = () => {
        saveCreds()
        state.keys.set({ tctoken: { __index: { token: Buffer.from('[]') } } })
        state.keys.clear()
        close()
      }
      close()
      late()
      await close()
      late()
      store.close()
      late()
      await store.close()
      late()
      setTimeout(() => console.log('still alive'), 50)
    }
    main()`
    const { code, stdout, stderr } = await runScript(script, environment(db.url))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'still alive\n', stderr: '' })
  })

  describe('closing a store', () => {
    const connections = async (name) => {
      const { rows } = await db.query(
        'SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1',
        [name],
      )
      return rows[0].n
    }

    test('makes everything written so far durable, and then refuses every call', async () => {
      const others = [`${account}-b`, `${account}-c`]
      for (const id of others) await db.addAccount(id)
      const handles = await Promise.all([account, ...others].map((id) => store.useAuthState(id)))
      expect(store.stats().openSessions).toBe(3)
      const writes = handles.map(({ state }) => state.keys.set(record(1)))
      await store.close()
      await Promise.all(writes)
      for (const id of [account, ...others]) {
        expect((await readStored(db, id)).keys['session-peer']).toEqual({ n: 1 })
      }
      for (const handle of handles) await expectClosed(handle)
      await expectRefused(store.useAuthState(account), 'ERR_CLOSED')
      await expectRefused(store.clear(account), 'ERR_CLOSED')
      expect(store.stats().openSessions).toBe(0)
    })

    test('ends its connections', async () => {
      const named = makeStore(`${db.url}?application_name=${account}`)
      await named.useAuthState(account)
      expect(await connections(account)).toBeGreaterThan(0)
      await named.close()
      // The server notices the end of a connection a moment later.
      while ((await connections(account)) > 0);
    })

    test('while an open is under way leaves no handle that can write', async () => {
      const opening = store.useAuthState(account).catch((error) => error)
      await store.close()
      const outcome = await opening
      if (outcome.state) await expectClosed(outcome)
      else expect(outcome.code).toBe('ERR_CLOSED')
    })

    test('twice, or one that was never used, is fine', async () => {
      await Promise.all([store.close(), store.close()])
      await store.close()
    })

    test('leaves an account alone that another store of this process has taken over', async () => {
      const older = await store.useAuthState(account)
      const newer = await makeStore(db.url).useAuthState(account)
      await store.close()
      await expectWritable(newer, 1)
      await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED', 'ERR_CLOSED')
    })
  })
})
