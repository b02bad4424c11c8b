'use strict'

const { createDatabase } = require('../support/database')
const { runScript } = require('../support/child')
const { LAYOUTS, sqlOf } = require('./layouts')
const {
  ANOTHER,
  damages,
  expectReadable,
  makeFresh,
  openNew,
  repair,
  sealedInQuarantine,
  sealedOf,
  spoil,
} = require('./quarantine-world')
const { environment, expectRefused, makeProxy, makeStore, quickBaileys } = require('./stores')

// onUnreadable: 'fresh': a session that cannot be read goes into quarantine, byte for byte, before a fresh one is begun.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout })
  })

  afterEach(() => db.drop())

  /** Opens an account that cannot be read, and so moves its session; gives the handle and the entry. */
  async function quarantine(account, options) {
    const store = makeFresh(db.url, options)
    const handle = await store.useAuthState(account.id)
    const entries = await store.quarantine()
    return {
      store,
      ...handle,
      entry: entries.findLast(({ accountId }) => accountId === account.id),
    }
  }

  describe('a session that cannot be read', () => {
    test.each(Object.keys(damages[layout]))('for %s goes aside as it is', async (name) => {
      const [account, other] = [
        await openNew(db, makeStore(db.url)),
        await openNew(db, makeStore(db.url)),
      ]
      const reason = await damages[layout][name](db, account.id)
      const [before, others] = [await sealedOf(db, account.id), await sealedOf(db, other.id)]
      const options = name === 'a wrong secret' ? { secret: ANOTHER } : {}
      await expectRefused(makeStore(db.url, options).useAuthState(account.id), reason)
      expect(await sealedOf(db, account.id)).toEqual(before)

      const lines = []
      const logger = Object.fromEntries(
        ['debug', 'info', 'warn', 'error'].map((level) => [level, (...line) => lines.push(line)]),
      )
      const from = Date.now()
      const fresh = await quarantine(account, { ...options, logger })
      expect(fresh.state.creds.noiseKey).not.toEqual(account.state.creds.noiseKey)
      expect(await fresh.state.keys.get('session', ['a'])).toEqual({ a: null })
      expect(await sealedInQuarantine(db, fresh.entry.id)).toEqual(before)
      expect(await sealedOf(db, other.id)).toEqual(others)
      expect(lines).toContainEqual([
        { accountId: account.id, reason },
        expect.stringContaining('quarantine'),
      ])

      expect(await fresh.store.quarantine()).toEqual([fresh.entry])
      expect(fresh.entry).toMatchObject({ accountId: account.id, reason, layout })
      // The clocks are of two processes.
      expect(Math.abs(fresh.entry.quarantinedAt.getTime() - from)).toBeLessThan(60_000)
      expect(fresh.entry.bytes).toBe(
        layout === 'column'
          ? before.length
          : before.records.reduce((sum, { value }) => sum + value.length, 0),
      )
      if (layout === 'rows') {
        const creds = name === 'credentials that are gone' ? {} : { creds: 1 }
        expect(fresh.entry.kinds).toEqual({ ...creds, session: 2, 'identity-key': 1 })
        expect(fresh.entry.records).toBe(before.records.length)
      } else expect(fresh.entry).toMatchObject({ kinds: null, records: null })

      // It is a session like any other.
      await fresh.saveCreds()
      await fresh.state.keys.set({ session: { a: { n: 'fresh' } } })
      await fresh.close()
      const again = await makeStore(db.url, options).useAuthState(account.id)
      expect(again.state.creds.registrationId).toBe(fresh.state.creds.registrationId)
      expect(await again.state.keys.get('session', ['a', 'b'])).toEqual({
        a: { n: 'fresh' },
        b: null,
      })
    })

    test('is moved once, however often and by however many it is opened', async () => {
      const account = await openNew(db, makeStore(db.url))
      const options = await spoil(db, account.id)
      const before = await sealedOf(db, account.id)
      const stores = Array.from({ length: 4 }, () => makeFresh(db.url, options))
      await Promise.all(stores.map((store) => store.useAuthState(account.id)))
      await stores[0].useAuthState(account.id)
      const [entry, ...more] = await stores[0].quarantine()
      expect(more).toEqual([])
      expect(await sealedInQuarantine(db, entry.id)).toEqual(before)
    })

    test('takes along all that its owner was told to be durable, and the owner is refused', async () => {
      const owner = await openNew(db, makeStore(`${db.url}?application_name=owner`))
      const written = []
      const writing = (async () => {
        for (let n = 0; ; n++) {
          await owner.state.keys.set({ session: { [`n-${n}`]: { n } } })
          written.push(n)
        }
      })().catch((error) => error)
      while (written.length < 5) await new Promise(setImmediate)
      const { store, entry } = await quarantine(owner, await spoil(db, owner.id))
      const refusal = await writing
      expect(['ERR_SESSION_CLEARED', 'ERR_SESSION_SUPERSEDED']).toContain(refusal.code)
      await store.restore(entry.id, { replace: true })
      await repair(db, owner.id)
      const { state } = await makeStore(db.url).useAuthState(owner.id)
      const read = await state.keys.get(
        'session',
        written.map((n) => `n-${n}`),
      )
      expect(read).toEqual(Object.fromEntries(written.map((n) => [`n-${n}`, { n }])))
    })

    test('stays where it is as long as nobody asks for a fresh one', async () => {
      const account = await openNew(db, makeStore(db.url))
      const options = await spoil(db, account.id)
      const before = await sealedOf(db, account.id)
      for (const onUnreadable of [undefined, 'throw']) {
        const store = makeStore(db.url, { ...options, onUnreadable })
        await expectRefused(store.useAuthState(account.id), 'ERR_UNREADABLE')
        expect(await store.quarantine()).toEqual([])
      }
      expect(await sealedOf(db, account.id)).toEqual(before)
    })

    test('is not one in rows of another secret, which is known to be wrong', async () => {
      if (layout === 'column') return
      const account = await openNew(db, makeStore(db.url))
      const before = await sealedOf(db, account.id)
      const store = makeFresh(db.url, { secret: ANOTHER })
      for (let times = 0; times < 2; times++) {
        await expectRefused(store.useAuthState(account.id), 'ERR_WRONG_SECRET')
      }
      expect(await sealedOf(db, account.id)).toEqual(before)
      expect(await store.quarantine()).toEqual([])
      await expectReadable(account, makeStore(db.url))
    })

    test('is not one whose records alone cannot be read', async () => {
      const account = await openNew(db, makeStore(db.url))
      await account.close()
      if (layout === 'column') return
      await db.query(
        `UPDATE baileys_auth.record SET value = set_byte(value, 20, get_byte(value, 20) # 1) WHERE kind = 'session'`,
      )
      const store = makeFresh(db.url, { cacheBytes: 0 })
      const { state } = await store.useAuthState(account.id)
      expect(state.creds.registrationId).toBe(account.state.creds.registrationId)
      await expectRefused(state.keys.get('session', ['a']), 'ERR_UNREADABLE')
      expect(await store.quarantine()).toEqual([])
    })
  })

  describe('an error of the database', () => {
    const states = ['P0042', '40001', '53100', '57014', '42501', '25006', '08006']
    test.each(states)('is never answered with a fresh session: %s', async (state) => {
      const account = await openNew(db, makeStore(db.url))
      await account.close()
      await db.query(`
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '${state}'; END $$;
        CREATE TRIGGER failing BEFORE ${sqlOf[layout].open} FOR EACH ROW EXECUTE FUNCTION fail()`)
      for (const isSpoiled of [false, true]) {
        const options = { writeTimeoutMs: 300 }
        if (isSpoiled) {
          // In rows it goes aside by a deletion, which fails then.
          if (layout === 'rows') await db.query('DROP TRIGGER failing ON baileys_auth.session')
          Object.assign(options, await spoil(db, account.id))
          if (layout === 'rows') {
            await db.query(
              `CREATE TRIGGER failing BEFORE INSERT OR UPDATE OR DELETE ON baileys_auth.session
               FOR EACH ROW EXECUTE FUNCTION fail()`,
            )
          }
        }
        const before = await db.stored(account.id)
        const store = makeFresh(db.url, options)
        const error = await expectRefused(
          store.useAuthState(account.id),
          'ERR_DB_QUERY',
          'ERR_DB_UNAVAILABLE',
          'ERR_DB_TIMEOUT',
        )
        expect(error.operation).toBe('open')
        expect(await makeStore(db.url).quarantine()).toEqual([])
        expect(await db.stored(account.id)).toBe(before)
      }
    })

    test('is none either when there is no connection', async () => {
      const account = await openNew(db, makeStore(db.url))
      const proxy = await makeProxy(db.url)
      const options = {
        ...(await spoil(db, account.id)),
        writeTimeoutMs: 300,
        pool: { connectTimeoutMs: 200 },
      }
      proxy.refuse()
      await expectRefused(
        makeFresh(proxy.url(db.url), options).useAuthState(account.id),
        'ERR_DB_UNAVAILABLE',
        'ERR_DB_TIMEOUT',
      )
      proxy.accept()
      expect(await makeStore(db.url).quarantine()).toEqual([])
      await repair(db, account.id)
      await expectReadable(account, makeStore(db.url))
    })

    test('that hides the answer to a COMMIT moves the session once, and loses nothing', async () => {
      const account = await openNew(db, makeStore(db.url))
      const options = await spoil(db, account.id)
      const before = await sealedOf(db, account.id)
      const proxy = await makeProxy(db.url)
      const store = makeFresh(proxy.url(db.url), options)
      // What else has to be made is made before.
      const other = await openNew(db, makeStore(db.url))
      await quarantine(other, await spoil(db, other.id))
      await store.quarantine()
      const dropped = proxy.dropReply('COMMIT')
      await store.useAuthState(account.id)
      await dropped
      const entries = await store.quarantine()
      expect(entries).toHaveLength(2)
      expect(await sealedInQuarantine(db, entries[1].id)).toEqual(before)
    })
  })

  test('the environment says it where no option does', async () => {
    const account = await openNew(db, makeStore(db.url, { baileys: quickBaileys }))
    await account.close()
    const { secret } = await spoil(db, account.id)
    const script = `
      const { createSessionStore } = require('.')
      const run = async () => {
        const proto = { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } }
        const store = createSessionStore({ baileys: { initAuthCreds: () => ({}), proto } })
        await store.useAuthState('${account.id}')
        console.log((await store.quarantine()).length)
        await store.close()
      }
      run().catch(({ code, message }) => console.log(code, message.includes('onUnreadable')))`
    const run = async (env) =>
      (
        await runScript(script, {
          ...environment(db.url),
          ...(secret && { WHATSAPP_SESSION_SECRET: secret }),
          ...env,
        })
      ).stdout
    expect(await run({})).toMatch('ERR_UNREADABLE')
    expect(await run({ BAILEYS_AUTH_ON_UNREADABLE: 'perhaps' })).toBe('ERR_CONFIG true\n')
    expect(await run({ BAILEYS_AUTH_ON_UNREADABLE: 'fresh' })).toBe('1\n')
  })
})
