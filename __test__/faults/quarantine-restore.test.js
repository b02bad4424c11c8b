'use strict'

const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const {
  ANOTHER,
  expectReadable,
  makeFresh,
  openNew,
  repair,
  sealedInQuarantine,
  sealedOf,
  spoil,
} = require('./quarantine-world')
const { environment, expectRefused, makeProxy, makeStore } = require('./stores')

// What comes back from quarantine: the session that went there, in the place of nothing, or of what goes there in turn.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, account, spoiled, before, fresh, entry

  beforeEach(async () => {
    db = await createDatabase({ layout })
    account = await openNew(db, makeStore(db.url))
    spoiled = await spoil(db, account.id)
    before = await sealedOf(db, account.id)
    const store = makeFresh(db.url, spoiled)
    fresh = { store, ...(await store.useAuthState(account.id)) }
    await fresh.saveCreds()
    entry = (await store.quarantine())[0]
  })

  afterEach(() => db.drop())

  test('after a clear it is as it was, byte for byte, and reads again', async () => {
    const store = makeStore(db.url)
    await store.clear(account.id)
    expect(await store.quarantine()).toEqual([entry])
    await store.restore(entry.id)
    expect(await sealedOf(db, account.id)).toEqual(before)
    expect(await store.quarantine()).toEqual([])
    const tables = ['quarantine', 'quarantined_record']
    for (const table of tables) {
      expect((await db.query(`TABLE baileys_auth.${table}`)).rows).toEqual([])
    }
    await repair(db, account.id)
    await expectReadable(account, store)
  })

  test('where there is a session it is refused, and nothing changes', async () => {
    const now = await db.stored(account.id)
    const store = makeStore(db.url)
    for (const options of [undefined, {}, { replace: false }]) {
      const { message } = await expectRefused(store.restore(entry.id, options), 'ERR_ARGUMENT')
      expect(message).toContain('replace: true')
    }
    expect(await db.stored(account.id)).toBe(now)
    expect(await store.quarantine()).toEqual([entry])
    // Its owner goes on.
    await fresh.state.keys.set({ session: { a: { n: 1 } } })
    await fresh.saveCreds()
  })

  test('with replace the other one goes into quarantine, with all that was written to it', async () => {
    const writes = [
      fresh.state.keys.set({ session: { late: { n: 1 } } }),
      fresh.state.keys.set({ session: { later: { n: 2 } } }),
    ]
    await fresh.store.restore(entry.id, { replace: true })
    await Promise.all(writes)
    expect(await sealedOf(db, account.id)).toEqual(before)
    const [replaced, ...more] = await fresh.store.quarantine()
    expect(more).toEqual([])
    expect(replaced).toMatchObject({ accountId: account.id, reason: 'replaced', layout })
    await repair(db, account.id)
    await expectReadable(account, makeStore(db.url))

    // And back again.
    const store = makeStore(db.url, spoiled)
    await store.restore(replaced.id, { replace: true })
    const { state } = await store.useAuthState(account.id)
    expect(state.creds.registrationId).toBe(fresh.state.creds.registrationId)
    expect(await state.keys.get('session', ['late', 'later'])).toEqual({
      late: { n: 1 },
      later: { n: 2 },
    })
  })

  test('with replace the owners of the other one are refused, in this process and in another', async () => {
    const { secret } = spoiled
    const env = { ...environment(db.url), ...(secret && { WHATSAPP_SESSION_SECRET: secret }) }
    const child = startChild(require.resolve('./store-process'), env)
    try {
      const codes = ['ERR_SESSION_SUPERSEDED', 'ERR_SESSION_CLEARED']
      await child.call('open', account.id)
      await child.call('set', account.id, { session: { a: { n: 'theirs' } } })
      const elsewhere = makeStore(`${db.url}?application_name=elsewhere`)
      await elsewhere.restore(entry.id, { replace: true })
      const set = child.call('set', account.id, { session: { a: { n: 'late' } } })
      expect(codes).toContain((await set.catch((error) => error)).code)
      await expectRefused(fresh.state.keys.set({ session: { a: { n: 'late' } } }), ...codes)
      await expectRefused(fresh.saveCreds(), ...codes)
      expect(await sealedOf(db, account.id)).toEqual(before)
    } finally {
      await child.stop()
    }
    // Whoever had it open before it went there is its owner no more, or holds what it holds.
    await repair(db, account.id)
    await expectReadable(account, makeStore(db.url))
    await expectRefused(
      account.saveCreds(),
      'ERR_SESSION_SUPERSEDED',
      'ERR_SESSION_CLEARED',
      'ERR_CLOSED',
    )
  })

  test('with replace a handle of the same store is refused, and a new one reads what came back', async () => {
    const store = makeFresh(db.url, { previousSecrets: [ANOTHER] })
    const handle = await store.useAuthState(account.id)
    expect(handle.state.creds.registrationId).toBe(fresh.state.creds.registrationId)
    await store.restore(entry.id, { replace: true })
    await expectRefused(handle.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await repair(db, account.id)
    await expectReadable(account, store)
  })

  test('a connection that breaks at the answer to COMMIT is no failure', async () => {
    const proxy = await makeProxy(db.url)
    const store = makeStore(proxy.url(db.url))
    await store.quarantine()
    const dropped = proxy.dropReply('COMMIT')
    await store.restore(entry.id, { replace: true })
    await dropped
    expect(await sealedOf(db, account.id)).toEqual(before)
    expect(await store.quarantine()).toMatchObject([{ reason: 'replaced' }])
  })

  test('an owner that writes without pause cannot keep it out', async () => {
    let written = 0
    const writing = (async () => {
      for (;;) {
        await fresh.state.keys.set({ session: { a: { n: written } } })
        written++
      }
    })().catch((error) => error)
    while (written < 5) await new Promise(setImmediate)
    await makeStore(`${db.url}?application_name=elsewhere`).restore(entry.id, { replace: true })
    expect((await writing).code).toMatch(/ERR_SESSION_(SUPERSEDED|CLEARED)/)
    expect(await sealedOf(db, account.id)).toEqual(before)
    const last = { a: { n: expect.any(Number) } }
    const [replaced] = await fresh.store.quarantine()
    await fresh.store.restore(replaced.id, { replace: true })
    const { state } = await fresh.store.useAuthState(account.id)
    const read = await state.keys.get('session', ['a'])
    expect(read).toEqual(last)
    expect(read.a.n).toBeGreaterThanOrEqual(written - 1)
  })

  test.each([
    ['nothing', []],
    ['a number', [1]],
    ['what is no id', ['entry']],
    ['an id that is not there', ['8c8a3a0e-5f0e-4c8b-9d57-0d4b0d3d8f5e']],
    ['options that are none', [() => entry.id, 'replace']],
    ['options of a wrong type', [() => entry.id, { replace: 1 }]],
  ])('%s is refused', async (_, given) => {
    const args = given.map((arg) => (typeof arg === 'function' ? arg() : arg))
    const error = await expectRefused(makeStore(db.url).restore(...args), 'ERR_ARGUMENT')
    expect(error.operation).toBe('restore')
    expect(await makeStore(db.url).quarantine()).toEqual([entry])
  })

  test('it comes back once, however many ask for it', async () => {
    const stores = Array.from({ length: 3 }, (_, n) => makeStore(`${db.url}?application_name=${n}`))
    const outcomes = await Promise.allSettled(
      stores.map((store) => store.restore(entry.id, { replace: true })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await sealedOf(db, account.id)).toEqual(before)
    expect(await sealedInQuarantine(db, (await stores[0].quarantine())[0].id)).not.toEqual(before)
  })
})
