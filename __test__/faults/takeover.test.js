'use strict'

const { startChild, runScript } = require('../support/child')
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

// A second process opens an account: a replica during a rolling deployment, or a restart before the old one is gone.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, other, store, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
    other = startChild(require.resolve('./store-process'), environment(db.url))
  })

  afterAll(async () => {
    await other.stop()
    await db.drop()
  })

  beforeEach(async () => {
    account = await addAccount(db)
    store = makeStore(db.url)
  })

  const record = (n) => ({ session: { peer: { n } } })

  async function storedNumber() {
    return (await readStored(db, account)).keys['session-peer']?.n
  }

  test('the newest opener sees everything that was acknowledged before', async () => {
    const mine = await store.useAuthState(account)
    mine.state.creds.me = { id: '1@s.whatsapp.net' }
    await Promise.all([mine.saveCreds(), mine.state.keys.set(record(1))])
    const creds = JSON.parse(await other.call('open', account))
    expect(creds.me).toEqual({ id: '1@s.whatsapp.net' })
    expect(await other.call('get', account, 'session', ['peer'])).toEqual({ peer: { n: 1 } })
  })

  test('an older owner is refused, whatever it writes, and the newer state stays', async () => {
    const mine = await store.useAuthState(account)
    await mine.state.keys.set(record(1))
    await other.call('open', account)
    await other.call('set', account, record(2))
    const before = await db.stored(account)
    await expectRefused(mine.state.keys.set(record(3)), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(mine.state.keys.set({ session: { peer: null } }), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(mine.state.keys.clear(), 'ERR_SESSION_SUPERSEDED')
    expect(await db.stored(account)).toBe(before)
    expect(await storedNumber()).toBe(2)
  })

  test('an owner that loses the account before it has written anything is refused', async () => {
    const mine = await store.useAuthState(account)
    await other.call('open', account)
    await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await other.call('saveCreds', account, { registered: true })
    expect((await readStored(db, account)).creds.registered).toBe(true)
  })

  test('the account goes to and fro, each time with all that was acknowledged', async () => {
    let n = 0
    for (let round = 0; round < 5; round++) {
      const mine = await store.useAuthState(account)
      expect(await mine.state.keys.get('session', ['peer'])).toEqual({ peer: n ? { n } : null })
      await mine.state.keys.set(record(++n))
      await expectRefusedThere(round > 0)
      await other.call('open', account)
      expect(await other.call('get', account, 'session', ['peer'])).toEqual({ peer: { n } })
      await other.call('set', account, record(++n))
      await expectRefused(mine.state.keys.set(record(-1)), 'ERR_SESSION_SUPERSEDED')
    }
  })

  async function expectRefusedThere(wasOpen) {
    if (!wasOpen) return
    await expect(other.call('set', account, record(-1))).rejects.toMatchObject({
      code: 'ERR_SESSION_SUPERSEDED',
      operation: 'set',
      accountId: account,
    })
  }

  test('a takeover in the middle of a stream of sets loses none that was acknowledged', async () => {
    const mine = await store.useAuthState(account)
    let acknowledged = 0
    const write = async () => {
      await mine.state.keys.set(record(acknowledged + 1))
      acknowledged++
    }
    while (acknowledged < 20) await write()
    const stream = (async () => {
      for (;;) await write()
    })()
    const refused = expectRefused(stream, 'ERR_SESSION_SUPERSEDED')
    await other.call('open', account)
    await refused
    const { peer } = await other.call('get', account, 'session', ['peer'])
    expect(peer.n).toBe(acknowledged)
  })

  test('of several that open an account at the same moment one owns it, and the others are told', async () => {
    const first = await store.useAuthState(account)
    await Promise.all([first.saveCreds(), first.state.keys.set(record(1))])
    // By way of a proxy each, they are to each other as processes.
    const urls = await Promise.all(
      Array.from({ length: 8 }, async () => (await makeProxy(db.url)).url(db.url)),
    )
    const opens = await Promise.allSettled(urls.map((url) => makeStore(url).useAuthState(account)))
    // Who was overtaken again and again may be told at once.
    const codes = new Set(opens.map(({ reason }) => reason?.code))
    expect([undefined, 'ERR_SESSION_SUPERSEDED']).toEqual(expect.arrayContaining([...codes]))
    const handles = opens.flatMap(({ value }) => value ?? [])
    for (const { state } of handles) expect(state.creds).toEqual(handles[0].state.creds)
    const sets = await Promise.allSettled(
      handles.map(({ state }, at) => state.keys.set({ 'pre-key': { [at]: { n: at } } })),
    )
    const owners = handles.filter((_, at) => sets[at].status === 'fulfilled')
    expect(owners).toHaveLength(1)
    expect(await owners[0].state.keys.get('session', ['peer'])).toEqual({ peer: { n: 1 } })
    expect(await storedNumber()).toBe(1)
  })

  test('onSuperseded is called once for a handle that lost its account, with the account', async () => {
    const onSuperseded = jest.fn()
    const mine = await makeStore(db.url, { onSuperseded }).useAuthState(account)
    await mine.state.keys.set(record(1))
    await other.call('open', account)
    expect(onSuperseded).not.toHaveBeenCalled()
    const writes = [1, 2, 3].map((n) => mine.state.keys.set(record(n)))
    for (const write of writes) await expectRefused(write, 'ERR_SESSION_SUPERSEDED')
    await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await mine.close()
    expect(onSuperseded.mock.calls).toEqual([[account]])
  })

  test('onSuperseded is called again for a later handle that loses the account in its turn', async () => {
    const onSuperseded = jest.fn()
    const twice = makeStore(db.url, { onSuperseded })
    for (let times = 1; times <= 2; times++) {
      const mine = await twice.useAuthState(account)
      await other.call('open', account)
      await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
      expect(onSuperseded).toHaveBeenCalledTimes(times)
    }
  })

  test('onSuperseded is called when another store of this process takes over, as worker threads have them', async () => {
    const onSuperseded = jest.fn()
    const mine = await makeStore(db.url, { onSuperseded }).useAuthState(account)
    await store.useAuthState(account)
    await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(mine.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    expect(onSuperseded.mock.calls).toEqual([[account]])
  })

  test('a refused save that nobody awaits is no unhandled rejection; who awaits it gets the error', async () => {
    const script = `
    const { execFileSync } = require('node:child_process')
    const { useDatabaseAuthState } = require('.')
    async function main() {
      const { state, saveCreds } = await useDatabaseAuthState('${account}')
      execFileSync(process.execPath, ['-e', "require('.').useDatabaseAuthState('${account}')"])
      const emitter = new (require('node:events').EventEmitter)()
      emitter.on('creds.update', saveCreds)
      emitter.emit('creds.update', { registered: true })
      state.keys.set({ session: { peer: { n: 1 } } })
      await saveCreds().catch((error) => console.log(error.code))
      // A rejection counts as unhandled once the microtasks are done.
      setTimeout(() => console.log('still alive'), 50)
    }
    main()`
    const { code, stdout, stderr } = await runScript(script, environment(db.url))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('ERR_SESSION_SUPERSEDED\nstill alive\n')
  })
})
