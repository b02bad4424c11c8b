'use strict'

const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { SECRET, environment, expectRefused, makeStore, quickBaileys } = require('./stores')

// A change of secret over all sessions, whoever has them open.

const OTHER = 'another-secret-of-good-length'
const FOREIGN = 'a-secret-that-no-store-is-given'

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, count

  beforeEach(async () => {
    db = await createDatabase({ layout })
    count = 0
  })

  afterEach(() => db.drop())

  const make = (secret, options) => makeStore(db.url, { baileys: quickBaileys, secret, ...options })
  const rotator = (options) => make(OTHER, { previousSecrets: [SECRET], ...options })

  /** Sessions that were written under a secret, and are open no more; gives their accounts. */
  async function addSessions(number, secret = SECRET) {
    const accounts = Array.from({ length: number }, () => `account-${++count}`)
    const store = make(secret)
    await Promise.all(
      accounts.map(async (account) => {
        await db.addAccount(account)
        const { state, saveCreds } = await store.useAuthState(account)
        state.creds.me = { id: account }
        await Promise.all([saveCreds(), state.keys.set({ session: { peer: { account } } })])
      }),
    )
    await store.close()
    return accounts
  }

  async function expectReadable(accounts, secret = OTHER) {
    const store = make(secret)
    for (const account of accounts) {
      const { state } = await store.useAuthState(account)
      expect(state.creds.me).toEqual({ id: account })
      expect(await state.keys.get('session', ['peer'])).toEqual({ peer: { account } })
    }
    await store.close()
  }

  /** Sessions by whose key they are sealed under. */
  const bySecret = ({ keys }) =>
    keys.reduce((sums, { secret, sessions }) => {
      sums[secret] = (sums[secret] ?? 0) + sessions
      return sums
    }, {})

  test('every session goes over to the new secret, and needs the old one no more', async () => {
    const accounts = await addSessions(7)
    const report = await rotator().rotate()
    expect(report).toMatchObject({ rotated: 7, left: 0, unrotated: [] })
    expect(bySecret(report)).toEqual({ current: 7, previous: 0 })
    await expectReadable(accounts)
  })

  test('the same again has nothing to do, and changes nothing', async () => {
    const accounts = await addSessions(3)
    await rotator().rotate()
    const stored = () => Promise.all(accounts.map((account) => db.stored(account)))
    const before = await stored()
    const report = await rotator().rotate()
    expect(report).toMatchObject({ rotated: 0, left: 0 })
    expect(bySecret(report)).toEqual({ current: 3, previous: 0 })
    expect(await stored()).toEqual(before)
  })

  test('without sessions there is nothing to do', async () => {
    const report = await rotator().rotate()
    expect(report).toMatchObject({ rotated: 0, left: 0, rewrapped: 0, unrotated: [] })
    expect(bySecret(report)).toEqual({ current: 0, previous: 0 })
  })

  test('progress is told from the beginning to the end', async () => {
    await addSessions(5)
    const told = []
    const { unrotated, ...report } = await rotator().rotate({
      onProgress: (progress) => told.push(progress),
    })
    expect(unrotated).toEqual([])
    expect(told.at(-1)).toEqual(report)
    expect(told.map(({ rotated }) => rotated)).toEqual(
      told.map(({ rotated }) => rotated).sort((a, b) => a - b),
    )
  })

  test('an owner in this process keeps its session, and what it writes', async () => {
    const [account] = await addSessions(1)
    const onSuperseded = jest.fn()
    const owner = await make(SECRET, { onSuperseded, cacheBytes: 0 }).useAuthState(account)
    for (let n = 1; n <= 3; n++) {
      await rotator().rotate()
      await owner.state.keys.set({ session: { [n]: { n } } })
      expect(await owner.state.keys.get('session', ['peer', `${n}`])).toEqual({
        peer: { account },
        [n]: { n },
      })
      owner.state.creds.n = n
      await owner.saveCreds()
    }
    expect(onSuperseded).not.toHaveBeenCalled()
    await owner.close()
    await rotator().rotate()
    const { state } = await make(OTHER).useAuthState(account)
    expect(state.creds.n).toBe(3)
    const all = { peer: { account }, 1: { n: 1 }, 2: { n: 2 }, 3: { n: 3 } }
    expect(await state.keys.get('session', Object.keys(all))).toEqual(all)
  })

  test('an owner in another process keeps its session, and what it writes', async () => {
    const [account] = await addSessions(1)
    const child = startChild(require.resolve('./store-process'), environment(db.url))
    try {
      await child.call('open', account)
      await child.call('set', account, { session: { 1: { n: 1 } } })
      await rotator().rotate()
      await child.call('set', account, { session: { 2: { n: 2 } } })
      await child.call('saveCreds', account, { registered: true })
    } finally {
      await child.stop()
    }
    await rotator().rotate()
    const { state } = await make(OTHER).useAuthState(account)
    expect(state.creds.registered).toBe(true)
    expect(await state.keys.get('session', ['1', '2'])).toEqual({ 1: { n: 1 }, 2: { n: 2 } })
  })

  test('an owner that goes on with the new secret is not touched', async () => {
    const [account] = await addSessions(1)
    const store = rotator()
    const owner = await store.useAuthState(account)
    const before = await db.stored(account)
    expect(await store.rotate()).toMatchObject({ rotated: 0 })
    expect(await db.stored(account)).toBe(before)
    await owner.state.keys.set({ session: { 1: { n: 1 } } })
  })

  test('what is opened, written, cleared and begun meanwhile stays as it is meant', async () => {
    const accounts = await addSessions(60)
    const store = rotator({ pool: { size: 4 } })
    const live = rotator({ pool: { size: 4 } })
    let rotations = 0
    let isOver = false
    const rotating = (async () => {
      while (!isOver) {
        await store.rotate()
        rotations++
      }
    })()
    const old = make(SECRET, { previousSecrets: [OTHER] })
    const expected = await Promise.all(
      accounts.map(async (account, at) => {
        if (at % 3 === 0) {
          await live.clear(account)
          return null
        }
        const handle = await (at % 3 === 1 ? live : old).useAuthState(account)
        for (let n = 1; n <= 5; n++) await handle.state.keys.set({ session: { last: { n } } })
        return 5
      }),
    )
    isOver = true
    await rotating
    expect(rotations).toBeGreaterThan(0)
    await Promise.all([live.close(), old.close()])
    expect(bySecret(await store.rotate())).toEqual({ current: 40, previous: 0 })
    const after = make(OTHER)
    for (const [at, account] of accounts.entries()) {
      const { state } = await after.useAuthState(account)
      const { last, peer } = await state.keys.get('session', ['last', 'peer'])
      expect(last?.n ?? null).toBe(expected[at])
      expect(peer).toEqual(expected[at] === null ? null : { account })
    }
  })

  test('a session that is unreadable is named, stays as it is, and keeps no other from its change', async () => {
    const accounts = await addSessions(3)
    await db.query(
      layout === 'column'
        ? `UPDATE whatsapp_accounts SET session_data = overlay(session_data placing 'ffffffff' from 100)
           WHERE id = 'account-2'`
        : `UPDATE baileys_auth.session SET wrapped_key = set_byte(wrapped_key, 30, get_byte(wrapped_key, 30) # 1)
           WHERE account_id = 'account-2'`,
    )
    const before = await db.stored('account-2')
    const report = await rotator().rotate()
    expect(report).toMatchObject({ rotated: 2, left: 1 })
    expect(report.unrotated).toEqual([
      { accountId: 'account-2', code: 'ERR_UNREADABLE', message: expect.any(String) },
    ])
    expect(await db.stored('account-2')).toBe(before)
    await expectReadable([accounts[0], accounts[2]])
  })

  test('a session under a secret that the store was not given is named likewise', async () => {
    const accounts = await addSessions(2)
    const [foreign] = await addSessions(1, FOREIGN)
    const before = await db.stored(foreign)
    const report = await rotator().rotate()
    expect(report).toMatchObject({ rotated: 2, left: 1 })
    expect(bySecret(report)).toEqual({ current: 2, previous: 0, unknown: 1 })
    const code = layout === 'column' ? 'ERR_UNREADABLE' : 'ERR_WRONG_SECRET'
    expect(report.unrotated).toMatchObject([{ accountId: foreign, code }])
    expect(JSON.stringify(report)).not.toContain(FOREIGN)
    expect(await db.stored(foreign)).toBe(before)
    await expectReadable(accounts)
    await expectReadable([foreign], FOREIGN)
  })

  test('a row that somebody holds keeps no other from its change', async () => {
    const accounts = await addSessions(3)
    const { Client } = require('pg')
    const holder = new Client({ connectionString: db.url })
    await holder.connect()
    try {
      await holder.query('BEGIN')
      await holder.query(sqlOf[layout].lock('account-2'))
      const report = await rotator({ writeTimeoutMs: 500 }).rotate()
      expect(report).toMatchObject({ rotated: 2, left: 1 })
      expect(report.unrotated).toMatchObject([{ accountId: 'account-2', code: 'ERR_DB_TIMEOUT' }])
      await holder.query('ROLLBACK')
    } finally {
      await holder.end()
    }
    // What was given up may have been carried out late.
    const report = await rotator().rotate()
    expect(report.left).toBe(0)
    expect(bySecret(report)).toEqual({ current: 3, previous: 0 })
    await expectReadable(accounts)
  })

  test('a signal stops it, and what is left is done by the next one', async () => {
    const accounts = await addSessions(10)
    const controller = new AbortController()
    const reason = new Error('no more of it')
    const stopped = rotator().rotate({
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(stopped).rejects.toBe(reason)
    const early = rotator().rotate({ signal: AbortSignal.abort(reason) })
    await expect(early).rejects.toBe(reason)
    await rotator().rotate()
    await expectReadable(accounts)
  })

  test('a listener that throws stops it, and its error is what the caller gets', async () => {
    await addSessions(1)
    const failing = rotator().rotate({
      onProgress: () => {
        throw new Error('of the listener')
      },
    })
    await expect(failing).rejects.toThrow('of the listener')
    expect(bySecret(await rotator().rotate())).toEqual({ current: 1, previous: 0 })
  })

  test('options that are none are refused before anything is done', async () => {
    const [account] = await addSessions(1)
    const before = await db.stored(account)
    const store = rotator()
    for (const options of [
      null,
      1,
      { rekey: 1 },
      { signal: {} },
      { onProgress: 1 },
      { reKey: true },
    ]) {
      const error = await expectRefused(store.rotate(options), 'ERR_ARGUMENT')
      expect(error.operation).toBe('rotate')
    }
    expect(await db.stored(account)).toBe(before)
  })

  test('a store that was closed refuses it', async () => {
    const store = rotator()
    await store.close()
    await expectRefused(store.rotate(), 'ERR_CLOSED')
  })

  test('a process that is killed in the middle leaves every session readable, and the next goes on', async () => {
    const accounts = await addSessions(300)
    const env = {
      ...environment(db.url),
      WHATSAPP_SESSION_SECRET: OTHER,
      WHATSAPP_SESSION_SECRET_PREVIOUS: SECRET,
    }
    const child = startChild(require.resolve('../../soak/rotation-process'), env)
    const seen = await new Promise((resolve) => {
      child.onMessage(({ rotated }) => rotated > 0 && resolve(rotated))
    })
    await child.kill()
    expect(seen).toBeLessThan(accounts.length)
    const report = await rotator().rotate()
    expect(report.left).toBe(0)
    expect(report.rotated).toBeGreaterThan(0)
    expect(report.rotated).toBeLessThanOrEqual(accounts.length - seen)
    expect(bySecret(report)).toEqual({ current: accounts.length, previous: 0 })
    await expectReadable(accounts.filter((_, at) => at % 10 === 0))
  })
})

test('earlier secrets come from the environment, one a line', async () => {
  const db = await createDatabase({ layout: 'rows', accounts: ['a', 'b'] })
  try {
    const secrets = ['a secret, with a comma', 'a secret; with more = of it']
    for (const [at, secret] of secrets.entries()) {
      const store = makeStore(db.url, { baileys: quickBaileys, secret })
      await store.useAuthState('ab'[at])
      await store.close()
    }
    const env = {
      ...environment(db.url),
      WHATSAPP_SESSION_SECRET: OTHER,
      WHATSAPP_SESSION_SECRET_PREVIOUS: `${secrets.join('\r\n')}\n`,
    }
    const child = startChild(require.resolve('../../soak/rotation-process'), env)
    const done = new Promise((resolve) =>
      child.onMessage((message) => message.isDone && resolve(message)),
    )
    expect(await done).toMatchObject({ rotated: 2, left: 0 })
    await child.kill()
  } finally {
    await db.drop()
  }
})
