'use strict'

const { pino } = require('pino')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const {
  SECRET,
  addAccount,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
} = require('../faults/stores')
const { keepingLogger } = require('./world')

// What a store writes to the application's logger, on which level, and what it never writes.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
  })

  const make = (logger, options) => makeStore(db.url, { baileys: quickBaileys, logger, ...options })
  const durationMs = expect.any(Number)
  const records = { session: { peer: { n: 1 } }, 'pre-key': { 1: { n: 1 }, 2: { n: 2 } } }

  test('opens and clears are info, with account and duration', async () => {
    const { logger, lines } = keepingLogger({ level: 'info' })
    const store = make(logger)
    const { saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await store.useAuthState(account)
    await store.clear(account)
    const how = { accountId: account, fresh: false, adopted: false, takenOver: false, durationMs }
    expect(lines).toEqual([
      ['info', { ...how, fresh: true }, 'a fresh session was begun'],
      ['info', how, 'the session was opened'],
      ['info', { accountId: account, durationMs }, 'the session was cleared'],
    ])
    for (const [, fields] of lines) expect(fields.durationMs).toBeGreaterThan(0)
  })

  test('a takeover is info for who takes the account and a warning for who loses it', async () => {
    const [mine, other] = [keepingLogger({ level: 'info' }), keepingLogger({ level: 'info' })]
    const { saveCreds } = await make(mine.logger).useAuthState(account)
    await saveCreds()
    await make(other.logger).useAuthState(account)
    await expectRefused(saveCreds(), 'ERR_SESSION_SUPERSEDED')
    expect(other.lines).toEqual([
      [
        'info',
        { accountId: account, fresh: false, adopted: false, takenOver: true, durationMs },
        'the session was taken over',
      ],
    ])
    expect(mine.lines.slice(1)).toEqual([
      [
        'warn',
        { accountId: account },
        'the account was opened elsewhere; its writes here are refused',
      ],
    ])
  })

  test('writes are debug, one line each, with what kinds of records they have', async () => {
    const { logger, at } = keepingLogger({ level: 'debug' })
    const { state, saveCreds } = await make(logger).useAuthState(account)
    await Promise.all([saveCreds(), state.keys.set(records)])
    await state.keys.set({})
    await state.keys.clear()
    const line = (operation, details) => [
      'debug',
      { accountId: account, operation, durationMs, ...details },
      'saved',
    ]
    expect(at('debug')).toEqual([
      line('saveCreds'),
      line('set', { records: 3, kinds: { session: 1, 'pre-key': 2 } }),
      line('clear keys'),
    ])
  })

  test('a refused call is an error, with account, operation, code and duration', async () => {
    const { logger, lines, at } = keepingLogger({ level: 'debug' })
    const store = make(logger)
    const { state } = await store.useAuthState(account)
    await expectRefused(state.keys.set({ session: 1 }), 'ERR_ARGUMENT')
    await expectRefused(state.keys.get(1, []), 'ERR_ARGUMENT')
    await expectRefused(store.useAuthState(''), 'ERR_ARGUMENT')
    await expectRefused(store.clear(''), 'ERR_ARGUMENT')
    const refused = (accountId, operation) => [
      'error',
      {
        err: expect.any(Error),
        ...(accountId && { accountId }),
        operation,
        code: 'ERR_ARGUMENT',
        durationMs,
      },
      'a call was refused',
    ]
    expect(at('error')).toEqual([
      refused(account, 'set'),
      refused(account, 'get'),
      refused(undefined, 'open'),
      refused(undefined, 'clear'),
    ])
    expect(lines).toHaveLength(1 + 4)
  })

  test('an open that fails for Baileys is an error, with the account, whatever Baileys throws', async () => {
    const { initAuthCreds, proto } = quickBaileys
    const { logger, at } = keepingLogger()
    const thrown = {
      'no module': { initAuthCreds },
      'no credentials': { initAuthCreds: () => null, proto },
    }
    for (const baileys of Object.values(thrown)) {
      const store = makeStore(db.url, { logger, baileys })
      await expectRefused(store.useAuthState(account), 'ERR_BAILEYS_NOT_FOUND')
    }
    const broken = () => {
      throw null
    }
    const store = makeStore(db.url, { logger, baileys: { initAuthCreds: broken, proto } })
    await expect(store.useAuthState(account)).rejects.toBeNull()
    const line = ([, { operation, accountId, code }]) => [operation, accountId, code]
    const code = 'ERR_BAILEYS_NOT_FOUND'
    expect(at('error').map(line)).toEqual([
      ['open', account, code],
      ['open', account, code],
      ['open', account, undefined],
    ])
    expect(at('info')).toEqual([])
  })

  test('what comes late on a session that was lost, cleared or closed is debug, since that was told before', async () => {
    const { logger, lines } = keepingLogger({ level: 'debug' })
    const store = make(logger)
    const { saveCreds } = await store.useAuthState(account)
    await store.clear(account)
    lines.length = 0
    await expectRefused(saveCreds(), 'ERR_SESSION_CLEARED')
    const { state, close } = await store.useAuthState(account)
    await close()
    await expectRefused(state.keys.get('session', ['peer']), 'ERR_CLOSED')
    await expectRefused(state.keys.set(records), 'ERR_CLOSED')
    const late = lines.filter(([level]) => level !== 'info')
    expect(late.map(([level, { operation, code }]) => [level, operation, code])).toEqual([
      ['debug', 'saveCreds', 'ERR_SESSION_CLEARED'],
      ['debug', 'get', 'ERR_CLOSED'],
      ['debug', 'set', 'ERR_CLOSED'],
    ])
  })

  test('a repetition is a warning, with the account that waits and for how long', async () => {
    const proxy = await makeProxy(db.url)
    const { logger, at } = keepingLogger({ level: 'info' })
    const store = makeStore(proxy.url(db.url), { baileys: quickBaileys, logger })
    const { state } = await store.useAuthState(account)
    proxy.refuse()
    proxy.cut()
    const set = state.keys.set(records)
    while (at('warn').length === 0) await new Promise(setImmediate)
    proxy.accept()
    await set
    expect(at('warn')[0]).toEqual([
      'warn',
      { accountId: account, accounts: 1, reason: expect.any(String), durationMs },
      'the database does not answer; trying again',
    ])
    expect(store.stats().retries).toBeGreaterThanOrEqual(at('warn').length)
    expect(at('error')).toEqual([])
  })

  test('a call that the database fails for good is an error that says how long it was tried', async () => {
    const proxy = await makeProxy(db.url)
    const { logger, at } = keepingLogger()
    const options = { baileys: quickBaileys, logger, writeTimeoutMs: 300 }
    const { saveCreds } = await makeStore(proxy.url(db.url), options).useAuthState(account)
    proxy.refuse()
    proxy.cut()
    const { code } = await expectRefused(saveCreds(), 'ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT')
    const [[, fields]] = at('error')
    expect(fields).toMatchObject({ accountId: account, operation: 'saveCreds', code })
    expect(fields.durationMs).toBeGreaterThan(100)
    proxy.accept()
  })

  test('a rotation is info at its end, a warning if it left sessions', async () => {
    await (await make().useAuthState(account)).saveCreds()
    const { logger, lines } = keepingLogger({ level: 'info' })
    await make(logger).rotate()
    const text = 'the sessions were taken over to the current secret'
    expect(lines).toEqual([['info', { rotated: 0, unrotated: 0, durationMs }, text]])
    const foreign = keepingLogger({ level: 'info' })
    await make(foreign.logger, { secret: 'another-secret-of-good-length' }).rotate()
    expect(foreign.lines).toEqual([
      ['warn', { rotated: 0, unrotated: expect.any(Number), durationMs }, text],
    ])
    await make().clear(account)
  })

  async function work(logger) {
    const store = make(logger)
    const { state, saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await state.keys.set(records)
    await store.clear(account)
    await expectRefused(saveCreds(), 'ERR_SESSION_CLEARED')
  }

  test.each([
    ['a level of info', { level: 'info' }, ['info']],
    ['a level of warn', { level: 'warn' }, []],
    ['silent', { level: 'silent' }, []],
    ['a level of debug', { level: 'debug' }, ['debug', 'info']],
    ['no level', {}, ['debug', 'info']],
    ['a level of its own', { level: 'chatty' }, ['debug', 'info']],
    ['no debug', { debug: undefined }, ['info']],
    [
      'a mind of its own',
      { level: 'debug', isLevelEnabled: (level) => level !== 'debug' },
      ['info'],
    ],
  ])(
    'a logger with %s gets what it wants, and is called for nothing else',
    async (_, kind, levels) => {
      const { logger, lines } = keepingLogger(kind)
      await work(logger)
      expect([...new Set(lines.map(([level]) => level))].sort()).toEqual(levels)
    },
  )

  test('a logger that throws, whatever is asked of it, breaks no call', async () => {
    const broken = () => {
      throw new Error('the logger is broken')
    }
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((name) => [name, broken]),
    )
    await work(logger)
    await work({ ...logger, isLevelEnabled: broken })
    await work(new Proxy({}, { get: broken }))
  })

  test('pino takes it, and neither its lines nor audit events have a value, an id of a record or a secret', async () => {
    const said = []
    const logger = pino({ level: 'trace' }, { write: (line) => said.push(line) })
    const onAudit = (event) => said.push(JSON.stringify(event))
    const [peer, value] = ['5511999990000.0', 'a-value-that-nobody-may-see']
    const proxy = await makeProxy(db.url)
    const store = makeStore(proxy.url(db.url), {
      baileys: quickBaileys,
      logger,
      onAudit,
      writeTimeoutMs: 300,
      previousSecrets: ['an-earlier-secret-of-good-length'],
    })
    const { state, saveCreds } = await store.useAuthState(account)
    state.creds.me = { id: peer, name: value }
    const write = () => state.keys.set({ session: { [peer]: { value } } })
    await Promise.all([saveCreds(), write()])
    await expectRefused(state.keys.set({ session: { [peer]: { value: 1n } } }), 'ERR_ARGUMENT')
    await expectRefused(state.keys.get(peer, value), 'ERR_ARGUMENT')
    proxy.refuse()
    proxy.cut()
    await expectRefused(write(), 'ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT')
    proxy.accept()
    await store.rotate()
    await make().useAuthState(account)
    await expectRefused(write(), 'ERR_SESSION_SUPERSEDED')
    await expectRefused(write(), 'ERR_SESSION_SUPERSEDED')
    await store.clear(account)
    const levels = said.map((line) => JSON.parse(line).level)
    expect(new Set(levels)).toEqual(new Set([20, 30, 40, 50, undefined]))
    const { password } = new URL(db.url)
    for (const secret of [peer, value, SECRET, 'an-earlier-secret', password]) {
      expect(said.filter((line) => line.includes(secret))).toEqual([])
    }
  })
})
