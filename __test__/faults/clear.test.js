'use strict'

const { runScript, startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const {
  addAccount,
  carryOut,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
  readStored,
} = require('./stores')

// After a logout Baileys goes on decrypting and committing for a while.

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

  async function expectLateWritesRefused({ state, saveCreds }) {
    await expectRefused(state.keys.set(record(9)), 'ERR_SESSION_CLEARED')
    await expectRefused(saveCreds(), 'ERR_SESSION_CLEARED')
    await expectRefused(state.keys.clear(), 'ERR_SESSION_CLEARED')
    await expectRefused(state.keys.get('session', ['peer']), 'ERR_SESSION_CLEARED')
    expect(await db.stored(account)).toBeNull()
  }

  test('late writes of a cleared session are refused and bring nothing back', async () => {
    const handle = await store.useAuthState(account)
    await Promise.all([handle.saveCreds(), handle.state.keys.set(record(1))])
    await store.clear(account)
    expect(await db.stored(account)).toBeNull()
    await expectLateWritesRefused(handle)
  })

  test('from the call on a handle neither reads nor writes', async () => {
    const { state, saveCreds } = await store.useAuthState(account)
    await Promise.all([saveCreds(), state.keys.set(record(1))])
    await state.keys.get('session', ['peer'])
    const cleared = store.clear(account)
    const calls = [state.keys.get('session', ['peer']), state.keys.set(record(2)), saveCreds()]
    for (const call of calls) await expectRefused(call, 'ERR_SESSION_CLEARED')
    await cleared
  })

  test('late writes of another process are refused and bring nothing back', async () => {
    await other.call('open', account)
    await other.call('saveCreds', account, {})
    await store.clear(account)
    for (const write of [
      () => other.call('set', account, record(9)),
      () => other.call('saveCreds', account, { registered: true }),
      () => other.call('set', account, record(10)),
    ]) {
      await expect(write()).rejects.toMatchObject({
        code: 'ERR_SESSION_CLEARED',
        accountId: account,
      })
    }
    expect(await db.stored(account)).toBeNull()
  })

  test('a clear by another process refuses the late writes here', async () => {
    const handle = await store.useAuthState(account)
    await handle.saveCreds()
    await other.call('clear', account)
    await expectRefused(handle.saveCreds(), 'ERR_SESSION_CLEARED')
    await expectLateWritesRefused(handle)
  })

  test('a clear through another store of this process refuses the late writes', async () => {
    const handle = await store.useAuthState(account)
    await handle.saveCreds()
    await makeStore(db.url).clear(account)
    await expectLateWritesRefused(handle)
  })

  test('writes under way during the clear end before it or are refused; the row stays empty', async () => {
    const proxy = await makeProxy(db.url)
    const slow = makeStore(proxy.url(db.url))
    const { state, saveCreds } = await slow.useAuthState(account)
    proxy.delay({ toServerMs: 20, toClientMs: 20 })
    const writes = [state.keys.set(record(1)), state.keys.set(record(2)), saveCreds()]
    const clearing = slow.clear(account)
    writes.push(state.keys.set(record(3)), saveCreds())
    const outcomes = await Promise.allSettled(writes)
    await clearing
    for (const { reason } of outcomes) {
      expect([undefined, 'ERR_SESSION_CLEARED']).toContain(reason?.code)
    }
    expect(outcomes.slice(3).map(({ reason }) => reason?.code)).toEqual([
      'ERR_SESSION_CLEARED',
      'ERR_SESSION_CLEARED',
    ])
    expect(await db.stored(account)).toBeNull()
    await slow.close()
    expect(await db.stored(account)).toBeNull()
  })

  test('an open under way during the clear gives a cleared handle or a fresh one, and the row no old session', async () => {
    const handle = await store.useAuthState(account)
    await Promise.all([handle.saveCreds(), handle.state.keys.set(record(1))])
    const opening = store.useAuthState(account)
    const [late] = await Promise.all([opening, store.clear(account)])
    const outcome = await late.saveCreds().catch((error) => error)
    if (outcome === undefined) expect(await db.stored(account)).not.toBeNull()
    else expect(outcome.code).toBe('ERR_SESSION_CLEARED')
    const stored = await readStored(db, account)
    expect(stored?.keys ?? {}).toEqual({})
  })

  test('opening right after the call of a clear gives a fresh session that can be written', async () => {
    const quick = makeStore(db.url, { baileys: quickBaileys })
    for (let round = 0; round < 200; round++) {
      const older = await quick.useAuthState(account)
      await older.state.keys.set(record(1))
      const clearing = quick.clear(account)
      const newer = await quick.useAuthState(account)
      await clearing
      expect(await newer.state.keys.get('session', ['peer'])).toEqual({ peer: null })
      await newer.saveCreds()
      expect(await readStored(db, account)).toEqual({ creds: { registered: false }, keys: {} })
    }
  })

  test('a cleared account starts anew, with another identity, and the older handle stays refused', async () => {
    const older = await store.useAuthState(account)
    await Promise.all([older.saveCreds(), older.state.keys.set(record(1))])
    await store.clear(account)
    const newer = await store.useAuthState(account)
    expect(newer.state.creds.signedIdentityKey).not.toEqual(older.state.creds.signedIdentityKey)
    expect(await newer.state.keys.get('session', ['peer'])).toEqual({ peer: null })
    await Promise.all([newer.saveCreds(), newer.state.keys.set(record(2))])
    await expectRefused(older.saveCreds(), 'ERR_SESSION_CLEARED', 'ERR_SESSION_SUPERSEDED')
    await expectRefused(
      older.state.keys.set(record(3)),
      'ERR_SESSION_CLEARED',
      'ERR_SESSION_SUPERSEDED',
    )
    const { creds, keys } = await readStored(db, account)
    expect(keys).toEqual({ 'session-peer': { n: 2 } })
    expect(creds.registrationId).toBe(newer.state.creds.registrationId)
  })

  test('a clear that is given up and done again, and comes late, leaves the session alone that was begun since', async () => {
    const proxy = await makeProxy(db.url)
    const slow = makeStore(`${proxy.url(db.url)}?socket_timeout=1`, { writeTimeoutMs: 60_000 })
    const older = await slow.useAuthState(account)
    await older.saveCreds()
    proxy.hold()
    await slow.clear(account)
    expect(await db.stored(account)).toBeNull()
    const { state, saveCreds } = await slow.useAuthState(account)
    await Promise.all([saveCreds(), state.keys.set(record(1))])
    await carryOut(db, proxy)
    expect((await readStored(db, account))?.keys).toEqual({ 'session-peer': { n: 1 } })
    await state.keys.set(record(2))
  })

  test('a process whose account was cleared and opened elsewhere is refused', async () => {
    await other.call('open', account)
    await other.call('saveCreds', account, {})
    await store.clear(account)
    const newer = await store.useAuthState(account)
    await newer.saveCreds()
    const before = await db.stored(account)
    await expect(other.call('saveCreds', account, {})).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SESSION_(SUPERSEDED|CLEARED)$/),
    })
    expect(await db.stored(account)).toBe(before)
  })

  test('a clear touches exactly its account', async () => {
    const quick = makeStore(db.url, { baileys: quickBaileys })
    const ids = [
      'a_b',
      'a%b',
      'a.b',
      'axb',
      'A_B',
      'a_b ',
      'a',
      'a_',
      '%',
      '_',
      "a'b",
      'a\\_b',
      'á_b',
      'a😀',
      'a😁',
      '😀',
      'x'.repeat(299),
      'x'.repeat(300),
      `${'x'.repeat(299)}y`,
    ]
    for (const id of ids) {
      await db.addAccount(id)
      await (await quick.useAuthState(id)).saveCreds()
    }
    const sessions = () => Promise.all(ids.map((id) => db.stored(id)))
    const chosen = ['a_b', 'a%b', 'a.b', '%', '_', "a'b", 'a\\_b', 'a😀', '😀', 'x'.repeat(300)]
    for (const cleared of chosen) {
      const before = await sessions()
      await quick.clear(cleared)
      expect(await sessions()).toEqual(
        before.map((each, at) => (ids[at] === cleared ? null : each)),
      )
      await (await quick.useAuthState(cleared)).saveCreds()
    }
  })

  test.each([
    ['an empty string', ''],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { toString: () => 'a' }],
    ['a string with NUL', 'a\0'],
    ['NUL alone', '\0'],
    ['half a surrogate pair', 'a\ud83d'],
  ])('%s is refused as account id, and nothing is cleared or opened', async (_, id) => {
    await db.query(`INSERT INTO whatsapp_accounts (id, user_id, name, session_data, updated_at)
                  VALUES ('', '', '', 'untouched', now()) ON CONFLICT DO NOTHING`)
    await store.useAuthState(account)
    const stored = () => Promise.all(['', account].map((each) => db.stored(each)))
    const before = await stored()
    await expectRefused(store.clear(id), 'ERR_ARGUMENT')
    await expectRefused(store.useAuthState(id), 'ERR_ARGUMENT')
    expect(await stored()).toEqual(before)
  })

  test('clearing an account without a session, twice, or one that does not exist, is no error', async () => {
    await store.clear(account)
    await store.clear(account)
    await store.clear('no such account')
    expect(await db.stored(account)).toBeNull()
    expect(await db.stored('no such account')).toBeNull()
  })

  test('late writes that nobody awaits are no unhandled rejections', async () => {
    const script = `
    const { clearDatabaseSession, useDatabaseAuthState } = require('.')
    async function main() {
      const { state, saveCreds } = await useDatabaseAuthState('${account}')
      await saveCreds()
      saveCreds()
      const clearing = clearDatabaseSession('${account}')
      saveCreds()
      state.keys.set({ session: { peer: { n: 1 } } })
      await clearing
      saveCreds()
      state.keys.set({ session: { peer: { n: 2 } } })
      state.keys.clear()
      setTimeout(() => console.log('still alive'), 50)
    }
    main()`
    const { code, stdout, stderr } = await runScript(script, environment(db.url))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'still alive\n', stderr: '' })
    expect(await db.stored(account)).toBeNull()
  })
})
