'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const { startProxy } = require('../support/proxy')
const { LAYOUTS } = require('./layouts')
const { addAccount, environment, expectRefused, makeStore, readStored } = require('./stores')

// After pairing Baileys closes its socket with 515 and the application opens the account again at once, while a
// `saveCreds` that nobody awaits is still on its way. The database is slow here, so that the two overlap for long.

const ROUND_TRIP_MS = 30

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, proxy, store, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
    proxy = await startProxy(db.url)
    proxy.delay({ toServerMs: ROUND_TRIP_MS / 2, toClientMs: ROUND_TRIP_MS / 2 })
  })

  afterAll(async () => {
    await proxy.close()
    await db.drop()
  })

  beforeEach(async () => {
    account = await addAccount(db)
    store = makeStore(proxy.url(db.url))
  })

  /** Changes a handle's credentials and keys, and saves both without awaiting it; gives the promises. */
  function write({ state, saveCreds }, n) {
    Object.assign(state.creds, { me: { id: `${n}@s.whatsapp.net` }, accountSyncCounter: n })
    return [saveCreds(), state.keys.set({ 'pre-key': { [n]: { n } }, session: { newest: { n } } })]
  }

  /** Asserts that a handle and the database hold what was written as the `n`th, and every pre-key before. */
  async function expectNewest({ state }, n) {
    const ids = Array.from({ length: n }, (_, at) => String(at + 1))
    const preKeys = Object.fromEntries(ids.map((id) => [id, { n: Number(id) }]))
    expect(state.creds).toMatchObject({ me: { id: `${n}@s.whatsapp.net` }, accountSyncCounter: n })
    expect(await state.keys.get('pre-key', ids)).toEqual(preKeys)
    expect(await state.keys.get('session', ['newest'])).toEqual({ newest: { n } })
  }

  async function expectNewestStored(n) {
    const { creds, keys } = await readStored(db, account)
    expect(creds).toMatchObject({ accountSyncCounter: n })
    expect(keys).toMatchObject({ 'session-newest': { n }, [`pre-key-${n}`]: { n } })
  }

  test('what is saved before the open, and awaited by nobody, is in the new state', async () => {
    const older = await store.useAuthState(account)
    write(older, 1)
    const newer = await store.useAuthState(account)
    await expectNewest(newer, 1)
    await expectNewestStored(1)
  })

  test('what is saved right after the open was called is in the new state', async () => {
    const older = await store.useAuthState(account)
    write(older, 1)
    const opening = store.useAuthState(account)
    write(older, 2)
    await expectNewest(await opening, 2)
  })

  test.each([0, 1, 5, 20, 100])(
    'a save %i ms after the open was called, while it is under way, is in the new state',
    async (ms) => {
      const older = await store.useAuthState(account)
      let opened = false
      proxy.pause()
      write(older, 1)
      const opening = store.useAuthState(account).then((handle) => {
        opened = true
        return handle
      })
      await delay(ms)
      expect(opened).toBe(false)
      const saves = write(older, 2)
      proxy.resume()
      const newer = await opening
      await expectNewest(newer, 2)
      await Promise.all(saves)
      await expectNewestStored(2)
    },
  )

  test('at whatever moment a save comes, it is in the new state or refused', async () => {
    let current = await store.useAuthState(account)
    let n = 0
    let refused = 0
    for (let ms = 0; ms < 3 * ROUND_TRIP_MS; ms += 5) {
      const older = current
      const opening = store.useAuthState(account)
      await delay(ms)
      const outcomes = await Promise.allSettled(write(older, ++n))
      current = await opening
      const failures = outcomes.filter(({ status }) => status === 'rejected')
      expect(failures.map(({ reason }) => reason.code)).toEqual(
        failures.map(() => 'ERR_SESSION_SUPERSEDED'),
      )
      if (failures.length === 0) {
        await expectNewest(current, n)
        continue
      }
      // Both calls come in one turn of the event loop, so both are refused.
      expect(failures).toHaveLength(2)
      n--
      refused++
      expect(current.state.creds.accountSyncCounter ?? 0).toBe(n)
    }
    expect(refused).toBeGreaterThan(0)
  })

  test('twenty restarts in a row, with saves around each, lose nothing', async () => {
    let current = await store.useAuthState(account)
    let n = 0
    for (let restart = 0; restart < 20; restart++) {
      write(current, ++n)
      const opening = store.useAuthState(account)
      write(current, ++n)
      current = await opening
      await expectNewest(current, n)
    }
    await current.close()
    await expectNewestStored(n)
  })

  test('several opens at once give one working handle, the last', async () => {
    const older = await store.useAuthState(account)
    write(older, 1)
    const opening = [1, 2, 3].map(() => store.useAuthState(account))
    const handles = await Promise.all(opening)
    for (const handle of handles) await expectNewest(handle, 1)
    const outcomes = await Promise.allSettled(handles.map((handle) => handle.saveCreds()))
    expect(outcomes.map(({ status, reason }) => reason?.code ?? status)).toEqual([
      'ERR_SESSION_SUPERSEDED',
      'ERR_SESSION_SUPERSEDED',
      'fulfilled',
    ])
  })

  test('once the new state is there, the older handle is refused and changes nothing', async () => {
    const older = await store.useAuthState(account)
    write(older, 1)
    const newer = await store.useAuthState(account)
    const before = await db.stored(account)
    for (const late of write(older, 2)) await expectRefused(late, 'ERR_SESSION_SUPERSEDED')
    expect(await db.stored(account)).toBe(before)
    await expectNewest(newer, 1)
    await Promise.all(write(newer, 2))
    await expectNewestStored(2)
  })

  test('an older handle of a fresh account is refused as superseded, though its identity is another', async () => {
    const [older, newer] = [await store.useAuthState(account), await store.useAuthState(account)]
    expect(older.state.creds.noiseKey).not.toEqual(newer.state.creds.noiseKey)
    await newer.saveCreds()
    await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED')
  })

  test('another store of this process takes over as well, after the older one has written', async () => {
    const older = await store.useAuthState(account)
    write(older, 1)
    const newer = await makeStore(proxy.url(db.url)).useAuthState(account)
    await expectNewest(newer, 1)
    for (const late of write(older, 2)) await expectRefused(late, 'ERR_SESSION_SUPERSEDED')
    await Promise.all(write(newer, 2))
    await expectNewestStored(2)
  })

  test('between two stores of this process a save during the open is never lost without an error', async () => {
    const stores = [store, makeStore(proxy.url(db.url))]
    let current = await store.useAuthState(account)
    let n = 0
    for (let at = 0; at < 12; at++) {
      const older = current
      const opening = stores[(at + 1) % 2].useAuthState(account)
      await delay(10 * at)
      const [saved] = await Promise.allSettled([
        older.state.keys.set({ session: { a: { n: n + 1 } } }),
      ])
      if (saved.status === 'fulfilled') n++
      else expect(saved.reason.code).toBe('ERR_SESSION_SUPERSEDED')
      current = await opening
      expect(await current.state.keys.get('session', ['a'])).toEqual({ a: n > 0 ? { n } : null })
    }
  })

  test('a backend that awaits no save and restarts at once has no unhandled rejection', async () => {
    const script = `
    const { useDatabaseAuthState } = require('.')
    process.on('unhandledRejection', (error) => console.log('unhandled', error))
    async function main() {
      const first = await useDatabaseAuthState('${account}')
      first.state.creds.registered = true
      first.saveCreds({ registered: true })
      const opening = useDatabaseAuthState('${account}')
      first.state.creds.platform = 'android'
      first.saveCreds()
      setTimeout(() => {
        first.state.creds.accountSyncCounter = 7
        first.saveCreds()
      }, 20)
      const second = await opening
      const { registered, platform, accountSyncCounter } = second.state.creds
      console.log(JSON.stringify({ registered, platform, accountSyncCounter }))
      // The old socket is not quite done.
      first.saveCreds()
      first.state.keys.set({ session: { late: { n: 1 } } })
      await second.saveCreds()
      console.log(JSON.stringify(await second.state.keys.get('session', ['late'])))
    }
    main()`
    const { code, stdout, stderr } = await runScript(script, environment(proxy.url(db.url)))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      '{"registered":true,"platform":"android","accountSyncCounter":7}',
      '{"late":null}',
      '',
    ])
  })
})
