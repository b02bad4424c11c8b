'use strict'

const { createDatabase } = require('../support/database')
const { startPostgres } = require('../support/postgres')
const { LAYOUTS } = require('./layouts')
const { addAccount, expectRefused, makeStore, readStored } = require('./stores')

// A primary whose commits wait for a standby that is away. What it has committed then is in its own log alone: it can be
// seen once the wait is over, however it ended, and is no answer to anybody.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let server, db, account

  beforeAll(async () => {
    server = await startPostgres()
    db = await createDatabase({ layout, serverUrl: server.url() })
  })

  afterAll(() => server.stop())

  beforeEach(async () => {
    account = await addAccount(db)
  })

  afterEach(() => set('synchronous_standby_names', ''))

  async function set(name, value) {
    await server.ask(`ALTER SYSTEM SET ${name} = '${value}'`)
    await server.ask('SELECT pg_reload_conf()')
    // By the process that tells the others whether to wait, too.
    await server.ask('CHECKPOINT')
  }

  const loseStandby = () => set('synchronous_standby_names', 'away')

  /** Those who wait for it: their process, and since when it has had its statement. */
  const waiting = () =>
    server.ask(`SELECT pid, query_start::text FROM pg_stat_activity
                WHERE wait_event = 'SyncRep' AND datname = '${db.name}'`)

  async function untilOneWaits() {
    for (;;) {
      const [one] = await waiting()
      if (one) return one
    }
  }

  const writeOf = (state, n) => state.keys.set({ session: { a: { n } } })

  const expectStored = async (n) =>
    expect((await readStored(db, account)).keys).toEqual({ 'session-a': { n } })

  test('a commit that a crash leaves behind is not acknowledged for being seen', async () => {
    const { state } = await makeStore(db.url, { writeTimeoutMs: 4_000 }).useAuthState(account)
    await writeOf(state, 1)
    await loseStandby()
    const refused = expectRefused(writeOf(state, 2), 'ERR_DB_TIMEOUT', 'ERR_DB_UNAVAILABLE')
    await untilOneWaits()
    await server.kill()
    await server.restart()
    await refused
    await set('synchronous_standby_names', '')
    await writeOf(state, 3)
    await expectStored(3)
  })

  test('a wait that is cancelled is no acknowledgement', async () => {
    const { state } = await makeStore(db.url, { writeTimeoutMs: 60_000 }).useAuthState(account)
    await loseStandby()
    let isDone = false
    const written = writeOf(state, 1).then(() => {
      isDone = true
    })
    const first = await untilOneWaits()
    await server.ask(`SELECT pg_cancel_backend(${first.pid})`)
    const isLaterOne = ({ query_start }) => query_start !== first.query_start
    while (!isDone && !(await waiting()).some(isLaterOne));
    expect(isDone).toBe(false)
    await set('synchronous_standby_names', '')
    await written
    await expectStored(1)
  })

  test('a clear waits as the option durability says', async () => {
    const options = { writeTimeoutMs: 60_000, durability: 'on' }
    await makeStore(db.url, options).useAuthState(account)
    await server.ask(`ALTER DATABASE ${db.name} SET synchronous_commit = 'local'`)
    await loseStandby()
    const store = makeStore(db.url, options)
    let isDone = false
    const cleared = store.clear(account).then(() => {
      isDone = true
    })
    while (!isDone && (await waiting()).length === 0);
    expect(isDone).toBe(false)
    await set('synchronous_standby_names', '')
    await cleared
    expect(await readStored(db, account)).toBeNull()
  })
})
