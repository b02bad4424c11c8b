'use strict'

const { clearDatabaseSession, useDatabaseAuthState } = require('../..')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('../faults/layouts')
const {
  SECRET,
  addAccount,
  environment,
  expectRefused,
  makeStore,
  quickBaileys,
} = require('../faults/stores')
const { keepingHook, keepingLogger } = require('./world')

// What `onAudit` is told: each session that is opened, lost, cleared, taken over to another secret, or does not open.

const OTHER = 'another-secret-of-good-length'

/** What makes the session of an account unreadable. */
const damage = {
  column: `UPDATE whatsapp_accounts SET session_data = '{"iv":""}' WHERE id = $1`,
  rows: `UPDATE baileys_auth.record SET value = '\\x00'
         WHERE session_id = (SELECT session_id FROM baileys_auth.session WHERE account_id = $1)`,
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
  })

  /** A store with what its hook is told. */
  function observed(options) {
    const { events, onAudit } = keepingHook()
    const store = makeStore(db.url, { baileys: quickBaileys, onAudit, ...options })
    return { store, events, names: () => events.map(({ event }) => event) }
  }

  const opened = (how) => ({
    event: 'session.opened',
    accountId: account,
    at: expect.any(Date),
    fresh: false,
    adopted: false,
    takenOver: false,
    ...how,
  })
  const told = (event, details) => ({ event, accountId: account, at: expect.any(Date), ...details })

  test('an account is fresh until its credentials are saved', async () => {
    const { store, events } = observed()
    const before = Date.now()
    await store.useAuthState(account)
    const { saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await store.useAuthState(account)
    expect(events).toEqual([opened({ fresh: true }), opened({ fresh: true }), opened()])
    expect(events[0].at.getTime()).toBeGreaterThanOrEqual(before)
    expect(events[2].at.getTime()).toBeLessThanOrEqual(Date.now())
  })

  test('a takeover between two stores: one has opened the account, the other has lost it', async () => {
    const [mine, other] = [observed(), observed()]
    const { saveCreds } = await mine.store.useAuthState(account)
    await saveCreds()
    await other.store.useAuthState(account)
    expect(other.events).toEqual([opened({ takenOver: true })])
    await expectRefused(saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(saveCreds(), 'ERR_SESSION_SUPERSEDED')
    expect(mine.events).toEqual([opened({ fresh: true }), told('session.superseded')])
    expect(other.events).toHaveLength(1)
  })

  test('a takeover by another process is known in rows, with the process, and told to the loser in both', async () => {
    const child = startChild(require.resolve('../faults/store-process'), environment(db.url))
    try {
      await child.call('open', account)
      await child.call('saveCreds', account, { registered: true })
      const { store, events } = observed()
      const { saveCreds } = await store.useAuthState(account)
      const previousOwner = expect.stringMatching(/.:\d+$/)
      expect(events).toEqual([opened(layout === 'rows' ? { takenOver: true, previousOwner } : {})])
      await child.call('open', account)
      await expectRefused(saveCreds(), 'ERR_SESSION_SUPERSEDED')
      expect(events[1]).toEqual(told('session.superseded'))
    } finally {
      await child.stop()
    }
  })

  test('an account that was closed here before is not taken over', async () => {
    const first = makeStore(db.url, { baileys: quickBaileys })
    const { saveCreds, close } = await first.useAuthState(account)
    await saveCreds()
    await close()
    const { store, events } = observed()
    await store.useAuthState(account)
    expect(events).toEqual([opened()])
  })

  test('a clear', async () => {
    const { store, events } = observed()
    const { saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await store.clear(account)
    await expectRefused(saveCreds(), 'ERR_SESSION_CLEARED')
    expect(events.slice(1)).toEqual([told('session.cleared')])
  })

  test('a change of secret, by an open and by a rotation', async () => {
    const first = makeStore(db.url, { baileys: quickBaileys, secret: OTHER })
    const others = [await addAccount(db), await addAccount(db)]
    for (const each of [account, ...others]) {
      const { saveCreds } = await first.useAuthState(each)
      await saveCreds()
    }
    await first.close()
    const { store, events } = observed({ previousSecrets: [OTHER] })
    await store.useAuthState(account)
    expect(events).toEqual([told('session.rotated', { rekeyed: false }), opened()])
    events.length = 0
    await store.rotate()
    const rotated = events.filter(({ event }) => event === 'session.rotated')
    expect(rotated.map(({ accountId }) => accountId).sort()).toEqual([...others].sort())
    expect(events).toHaveLength(2)
    events.length = 0
    await store.rotate({ rekey: true })
    const rekeyed = events.filter((event) => event.rekeyed && event.event === 'session.rotated')
    expect(rekeyed.map(({ accountId }) => accountId)).toEqual(
      layout === 'rows' ? expect.arrayContaining([account, ...others]) : [],
    )
    await db.query(sqlOf[layout].empty)
  })

  test('a session that does not open, and stays as it is', async () => {
    const first = makeStore(db.url, { baileys: quickBaileys })
    await (await first.useAuthState(account)).saveCreds()
    await first.close()
    await db.query(damage[layout], [account])
    const { store, events } = observed()
    await expectRefused(store.useAuthState(account), 'ERR_UNREADABLE')
    const unreadable = { code: 'ERR_UNREADABLE', quarantined: false }
    expect(events).toEqual([told('session.unreadable', { ...unreadable, operation: 'open' })])
    await db.query(sqlOf[layout].empty)
  })

  test.each(['of the store', 'of the session'])(
    'a session that does not open, and was moved to the quarantine: the hook %s',
    async (whose) => {
      const first = makeStore(db.url, { baileys: quickBaileys })
      await (await first.useAuthState(account)).saveCreds()
      await first.close()
      await db.query(damage[layout], [account])
      const { events, onAudit } = keepingHook()
      const options = { baileys: quickBaileys, onUnreadable: 'fresh', onAudit }
      if (whose === 'of the store') await makeStore(db.url, options).useAuthState(account)
      else {
        const { databaseUrl, secret } = { databaseUrl: db.url, secret: SECRET }
        const { close } = await useDatabaseAuthState(account, { ...options, databaseUrl, secret })
        await close()
      }
      const [unreadable, ...later] = events
      expect(unreadable).toEqual(
        told('session.unreadable', {
          code: 'ERR_UNREADABLE',
          operation: 'open',
          quarantined: true,
        }),
      )
      expect(later).toEqual([opened({ fresh: true })])
      await db.query(sqlOf[layout].empty)
    },
  )

  test('a session of another secret', async () => {
    const first = makeStore(db.url, { baileys: quickBaileys, secret: OTHER })
    await (await first.useAuthState(account)).saveCreds()
    const { store, events } = observed()
    const code = layout === 'rows' ? 'ERR_WRONG_SECRET' : 'ERR_UNREADABLE'
    await expectRefused(store.useAuthState(account), code)
    const { unrotated } = await store.rotate()
    expect(unrotated).toEqual([expect.objectContaining({ accountId: account, code })])
    expect(events.filter(({ accountId }) => accountId === account)).toEqual(
      ['open', 'rotate'].map((operation) =>
        told('session.unreadable', { code, operation, quarantined: false }),
      ),
    )
    await db.query(sqlOf[layout].empty)
  })

  const failing = {
    throws: () => {
      throw new Error('the hook failed')
    },
    rejects: async () => {
      throw new Error('the hook failed')
    },
    'gives a promise that throws when it is asked': () => ({
      // biome-ignore lint/suspicious/noThenProperty: hostile on purpose
      get then() {
        throw new Error('the hook failed')
      },
    }),
  }

  test.each(Object.entries(failing))(
    'a hook that %s breaks no call, and is logged',
    async (_, hook) => {
      const { logger, at } = keepingLogger()
      const store = makeStore(db.url, { baileys: quickBaileys, logger, onAudit: hook })
      const { saveCreds } = await store.useAuthState(account)
      await saveCreds()
      await store.clear(account)
      await new Promise(setImmediate)
      const failed = ['error', { err: expect.any(Error), accountId: account }, 'onAudit failed']
      expect(at('error')).toEqual([failed, failed])
      expect(at('error')[0][1].err.message).toBe('the hook failed')
    },
  )

  test('a hook that fails where there is no logger breaks no call either', async () => {
    const store = makeStore(db.url, { baileys: quickBaileys, onAudit: failing.rejects })
    await (await store.useAuthState(account)).saveCreds()
    await store.clear(account)
  })

  test('no call waits for the hook', async () => {
    const never = new Promise(() => {})
    const store = makeStore(db.url, { baileys: quickBaileys, onAudit: () => never })
    await (await store.useAuthState(account)).saveCreds()
    await store.clear(account)
  })

  test('of the two functions each call has the hook that it was given', async () => {
    const [one, other] = [keepingHook(), keepingHook()]
    const second = await addAccount(db)
    const options = { databaseUrl: db.url, secret: SECRET, baileys: quickBaileys }
    const first = await useDatabaseAuthState(account, { ...options, onAudit: one.onAudit })
    const { close } = await useDatabaseAuthState(second, { ...options, onAudit: other.onAudit })
    await makeStore(db.url, { baileys: quickBaileys }).useAuthState(account)
    await expectRefused(first.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    await close()
    await clearDatabaseSession(second, { ...options, onAudit: other.onAudit })
    expect(one.events).toEqual([opened({ fresh: true }), told('session.superseded')])
    expect(other.events.map(({ event, accountId }) => [event, accountId])).toEqual([
      ['session.opened', second],
      ['session.cleared', second],
    ])
  })
})

test('a session that is moved into rows', async () => {
  const db = await createDatabase({ layout: 'column' })
  try {
    const account = await addAccount(db)
    const column = makeStore(db.url, { baileys: quickBaileys })
    await (await column.useAuthState(account)).saveCreds()
    await column.close()
    const { events, onAudit } = keepingHook()
    const { logger, at } = keepingLogger()
    const store = makeStore(db.url, { layout: 'rows', baileys: quickBaileys, onAudit, logger })
    await store.useAuthState(account)
    await store.useAuthState(account)
    const how = { accountId: account, fresh: false, takenOver: false }
    expect(events).toEqual([
      { event: 'session.opened', at: expect.any(Date), ...how, adopted: true },
      { event: 'session.opened', at: expect.any(Date), ...how, adopted: false },
    ])
    expect(at('info').map(([, , message]) => message)).toEqual([
      'the session was moved into rows and opened',
      'the session was opened',
    ])
    await store.close()
  } finally {
    await db.drop()
  }
})
