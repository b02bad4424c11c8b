'use strict'

const { createDatabase } = require('../support/database')
const { startPostgres } = require('../support/postgres')
const { LAYOUTS } = require('./layouts')
const { expectRefused, makeStore, readStored } = require('./stores')

// The database server itself restarts, crashes or is gone; so this file has one of its own.

const ACCOUNTS = ['a', 'b', 'c']

describe.each(LAYOUTS)('layout %s', (layout) => {
  let server, db

  beforeAll(async () => {
    server = await startPostgres()
    process.env.TEST_DATABASE_URL = server.url()
    db = await createDatabase({ layout, accounts: ACCOUNTS })
  })

  afterAll(() => server.stop())

  /** Keeps writing to every account, one set after another, until told to stop; gives the last acknowledged numbers. */
  function writeTo(handles) {
    let stopped = false
    const streams = handles.map(async ({ state }) => {
      let n = 0
      while (!stopped) {
        n++
        await state.keys.set({
          session: { one: { n }, two: { n } },
          'sender-key': { three: { n } },
        })
      }
      return n
    })
    return {
      stop() {
        stopped = true
        return Promise.all(streams)
      },
    }
  }

  /** Asserts that each account has the number in all three records. */
  async function expectStored(numbers) {
    for (const [at, n] of numbers.entries()) {
      expect(n).toBeGreaterThan(0)
      expect((await readStored(db, ACCOUNTS[at])).keys).toEqual({
        'session-one': { n },
        'session-two': { n },
        'sender-key-three': { n },
      })
    }
  }

  test.each([
    ['a restart', () => server.restart()],
    [
      'a crash',
      async () => {
        await server.kill()
        await server.restart()
      },
    ],
  ])('%s in the middle of sets delays them, and loses nothing', async (_, interrupt) => {
    const store = makeStore(db.url, { writeTimeoutMs: 60_000 })
    const handles = await Promise.all(ACCOUNTS.map((id) => store.useAuthState(id)))
    const writing = writeTo(handles)
    await interrupt()
    await expectStored(await writing.stop())
    expect(store.stats()).toMatchObject({ failedCommits: 0 })
    expect(store.stats().retries).toBeGreaterThan(0)

    const reopened = await makeStore(db.url).useAuthState('a')
    const { keys } = await readStored(db, 'a')
    expect(await reopened.state.keys.get('session', ['one'])).toEqual({ one: keys['session-one'] })
  })

  test('every backend of the server is terminated in the middle of sets, again and again', async () => {
    const store = makeStore(db.url)
    const handles = await Promise.all(ACCOUNTS.map((id) => store.useAuthState(id)))
    const writing = writeTo(handles)
    for (let round = 0; round < 10; round++) {
      await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name = 'baileys-postgres-auth'`)
    }
    await expectStored(await writing.stop())
  })

  test('while the server is gone an open fails with ERR_DB_UNAVAILABLE; then it finds what was there', async () => {
    const store = makeStore(db.url, { writeTimeoutMs: 500 })
    const handle = await store.useAuthState('a')
    handle.state.creds.registered = true
    await handle.saveCreds()
    await handle.close()
    await server.kill()
    try {
      await expectRefused(store.useAuthState('a'), 'ERR_DB_UNAVAILABLE')
      await expectRefused(store.clear('a'), 'ERR_DB_UNAVAILABLE')
    } finally {
      await server.restart()
    }
    const { creds } = (await store.useAuthState('a')).state
    const { registrationId } = handle.state.creds
    expect(creds).toMatchObject({ registered: true, registrationId })
  })
})
