'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { environment, expectRefused } = require('../faults/stores')
const { makeFolder, newFolder } = require('../moving/folders')
const { startChild } = require('../support/child')
const { OTHER, World, expectFilled, fill } = require('./world')

// A move under stores that are at work, and that nobody tells.

describe.each(LAYOUTS)('from layout %s', (from) => {
  const to = OTHER[from]
  let world, db

  beforeEach(async () => {
    world = await World.of(from)
    db = world.db
  })

  afterEach(() => db.drop())

  const migrate = () => world.make().migrate({ to })

  /** A store that has found the sessions where they were, and holds nothing in memory. */
  async function workingStore(options) {
    const store = world.make({ cacheBytes: 0, ...options })
    await store.clear('nobody')
    expect(store.stats().layout).toBe(from)
    return store
  }

  describe('an owner', () => {
    test('is refused once its session has moved, told so, and goes on when it opens the account again', async () => {
      const onSuperseded = jest.fn()
      const store = await workingStore({ onSuperseded })
      const [account] = await world.add(['a'])
      const owner = await store.useAuthState(account)
      await owner.state.keys.set({ session: { last: { n: 1 } } })
      await migrate()
      const error = await expectRefused(owner.saveCreds(), 'ERR_SESSION_SUPERSEDED')
      expect(error.message).toContain(`moved to layout ${to}`)
      await expectRefused(owner.state.keys.set({ session: { x: {} } }), 'ERR_SESSION_SUPERSEDED')
      await expectRefused(owner.state.keys.get('session', ['last']), 'ERR_SESSION_SUPERSEDED')
      expect(onSuperseded.mock.calls).toEqual([[account]])

      const again = await store.useAuthState(account)
      expect(store.stats().layout).toBe(to)
      expect(await again.state.keys.get('session', ['last'])).toEqual({ last: { n: 1 } })
      await again.state.keys.set({ session: { last: { n: 2 } } })
      expect((await world.stored(account, to)).keys['session-last']).toEqual({ n: 2 })
      expect(await world.places(account)).toEqual([to])
    })

    test.each([['get'], ['list']])(
      'that only reads is told by %s, where it asks the database',
      async (call) => {
        const store = await workingStore()
        const [account] = await world.add(['a'])
        const { state } = await store.useAuthState(account)
        await migrate()
        const read = {
          get: () => state.keys.get('session', ['peer']),
          list: () => state.keys.list('session').next(),
        }[call]
        if (from === 'rows') {
          const error = await expectRefused(read(), 'ERR_SESSION_SUPERSEDED')
          expect(error.message).toContain('moved to layout column')
        } else {
          // It has all of it in memory, as of its last write.
          await read()
        }
      },
    )

    test('of the very store that moves its session is refused likewise', async () => {
      const store = world.make()
      const [account] = await world.add(['a'])
      const owner = await store.useAuthState(account)
      await store.migrate({ to })
      await expectRefused(owner.saveCreds(), 'ERR_SESSION_SUPERSEDED')
      await expectFilled(store, [account])
      expect(store.stats().layout).toBe(to)
    })

    test('that writes without pause loses nothing that was acknowledged', async () => {
      const [account] = await world.add(['a'])
      const child = startChild(require.resolve('../faults/store-process'), environment(db.url))
      try {
        await child.call('open', account)
        let acknowledged = 0
        const writing = (async () => {
          for (;;) {
            await child.call('set', account, { session: { last: { n: acknowledged + 1 } } })
            acknowledged++
          }
        })()
        const refused = expect(writing).rejects.toMatchObject({ code: 'ERR_SESSION_SUPERSEDED' })
        while (acknowledged < 20) await new Promise(setImmediate)
        expect(await migrate()).toMatchObject({ moved: 1, left: 0 })
        await refused
        await child.call('open', account)
        expect(await child.call('get', account, 'session', ['last'])).toEqual({
          last: { n: acknowledged },
        })
        await child.call('set', account, { session: { last: { n: 0 } } })
        expect(await world.places(account)).toEqual([to])
      } finally {
        await child.stop()
      }
    })

    test('whose session was cleared after it had moved is told that it was cleared', async () => {
      const store = await workingStore()
      const [account] = await world.add(['a'])
      const owner = await store.useAuthState(account)
      await migrate()
      await world.make().clear(account)
      await expectRefused(owner.saveCreds(), 'ERR_SESSION_CLEARED')
    })
  })

  describe('a store that found the sessions where they were', () => {
    test('opens each where it is by now', async () => {
      const store = await workingStore()
      const accounts = await world.add(['a', 'b', 'c'])
      await migrate()
      await expectFilled(store, accounts)
      for (const account of accounts) expect(await world.places(account)).toEqual([to])
    })

    test('begins none in the old place', async () => {
      const store = await workingStore()
      await db.addAccount('new')
      await migrate()
      await fill(await store.useAuthState('new'), 'new')
      expect(await world.places('new')).toEqual([to])
      await expectFilled(world.make(), ['new'])
    })

    test('clears in the new place', async () => {
      const store = await workingStore()
      const [account] = await world.add(['a'])
      await migrate()
      await store.clear(account)
      expect(await world.places(account)).toEqual([])
    })

    test('exports from the new place, and refuses to import over it', async () => {
      const store = await workingStore()
      const [account] = await world.add(['a'])
      await migrate()
      expect(await store.exportMultiFile(account, newFolder())).toMatchObject({ files: 4 })
      const importer = await workingStoreAgain(store)
      await expectRefused(
        importer.importMultiFile(await makeFolder(), account),
        'ERR_SESSION_EXISTS',
      )
    })

    /** One more that has not heard of the move. */
    async function workingStoreAgain(store) {
      await store.migrate({ to: from })
      const another = await workingStore()
      await migrate()
      return another
    }

    test('rotates in the new place', async () => {
      const earlier = 'an-earlier-secret-of-good-length'
      const store = await workingStore({ previousSecrets: [earlier] })
      await world.add(['a'], { secret: earlier })
      await world.make({ secret: earlier }).migrate({ to })
      expect(await store.rotate()).toMatchObject({ rotated: 1, left: 0 })
      await expectFilled(world.make(), ['a'])
    })

    test('and was told so, is refused, and begins nothing', async () => {
      const [account] = await world.add(['a'])
      await db.addAccount('new')
      const store = await workingStore({ layout: from })
      const owner = await store.useAuthState(account)
      await migrate()
      await expectRefused(owner.saveCreds(), 'ERR_SESSION_SUPERSEDED')
      for (const each of [account, 'new']) {
        const error = await expectRefused(store.useAuthState(each), 'ERR_CONFIG')
        expect(error.message).toContain(`migrate --to ${from}`)
      }
      await expectRefused(store.clear('new'), 'ERR_CONFIG')
      expect(await world.places(account)).toEqual([to])
      expect(await world.places('new')).toEqual([])
    })

    test('takes a session that was left behind for no new one, though it was there and back meanwhile', async () => {
      const store = await workingStore()
      await world.add(['a'])
      await migrate()
      if (to === 'rows') {
        // No row to go back to, for a while.
        await db.query(`UPDATE whatsapp_accounts SET id = 'away' WHERE id = 'a'`)
        const back = await world.make().migrate({ to: from })
        expect(back.unmoved).toMatchObject([{ code: 'ERR_ACCOUNT_NOT_FOUND' }])
        await db.query(`UPDATE whatsapp_accounts SET id = 'a' WHERE id = 'away'`)
      } else {
        await db.query(`UPDATE whatsapp_accounts SET session_data = '"' || session_data`)
        const back = await world.make().migrate({ to: from })
        expect(back.unmoved).toMatchObject([{ code: 'ERR_UNREADABLE' }])
        await db.query(`UPDATE whatsapp_accounts SET session_data = substr(session_data, 2)`)
      }
      await expectFilled(store, ['a'])
      expect(await world.places('a')).toEqual([from])
    })
  })

  test('what is opened, begun, written and cleared at that moment is in one place, and as it is meant', async () => {
    const stale = await workingStore({ pool: { size: 4 } })
    for (let round = 0; round < 5; round++) {
      const target = round % 2 === 0 ? to : from
      const name = (n) => `account-${round}-${n}`
      const known = await world.add(Array.from({ length: 12 }, (_, n) => name(n)))
      const fresh = Array.from({ length: 12 }, (_, n) => name(100 + n))
      for (const account of fresh) await db.addAccount(account)
      const other = world.make({ pool: { size: 4 } })
      const move = world.make().migrate({ to: target })
      const opened = await Promise.all([
        ...fresh.map((account) => stale.useAuthState(account)),
        ...fresh.map((account) => other.useAuthState(account)),
        ...known.slice(0, 6).map((account) => stale.useAuthState(account)),
        ...known.slice(6, 9).map((account) => stale.clear(account)),
      ])
      expect(opened).toHaveLength(33)
      await move
      expect(await world.make().migrate({ to: target })).toMatchObject({ left: 0 })
      for (const account of fresh) expect(await world.places(account)).toEqual([target])
      for (const account of known.slice(6, 9)) expect(await world.places(account)).toEqual([])
      await expectFilled(world.make(), [...known.slice(0, 6), ...known.slice(9)])
      await other.close()
    }
  })
})
