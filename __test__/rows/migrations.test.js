'use strict'

const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
} = require('../faults/stores')

// How the tables come to be: by whoever is first, once, whatever goes wrong in between.

let db

beforeEach(async () => {
  db = await createDatabase()
  await db.query('DROP TABLE whatsapp_accounts')
})

afterEach(() => db.drop())

const make = (options, databaseUrl = db.url) =>
  makeStore(databaseUrl, { baileys: quickBaileys, ...options })

const stores = async () => (await db.query('TABLE baileys_auth.store')).rows

/** Opens an account and writes. */
async function use(store, account = 'a') {
  const { state } = await store.useAuthState(account)
  await state.keys.set({ session: { peer: { account } } })
  expect(await state.keys.get('session', ['peer'])).toEqual({ peer: { account } })
}

describe('on an empty database', () => {
  test('several stores that start at once make one set of tables', async () => {
    const many = Array.from({ length: 8 }, () => make())
    await Promise.all(many.map((store, n) => use(store, `account-${n}`)))
    expect(await stores()).toHaveLength(1)
    // With one salt: each opens what the others have sealed.
    for (const [n] of many.entries()) {
      const { state } = await many[0].useAuthState(`account-${n}`)
      expect(await state.keys.get('session', ['peer'])).toEqual({
        peer: { account: `account-${n}` },
      })
    }
  })

  test('several processes that start at once do as well', async () => {
    const children = Array.from({ length: 4 }, () =>
      startChild(require.resolve('../faults/store-process'), environment(db.url)),
    )
    try {
      await Promise.all(children.map((child, n) => child.call('open', `account-${n}`)))
      const record = { session: { peer: { n: 1 } } }
      await Promise.all(children.map((child, n) => child.call('set', `account-${n}`, record)))
      expect(await stores()).toHaveLength(1)
    } finally {
      await Promise.all(children.map((child) => child.stop()))
    }
  })

  test('one account that several processes open at once is one session, of one owner', async () => {
    const children = Array.from({ length: 3 }, () =>
      startChild(require.resolve('../faults/store-process'), environment(db.url)),
    )
    try {
      await Promise.all(children.map((child) => child.call('open', 'a')))
      const outcomes = await Promise.allSettled(
        children.map((child, n) => child.call('set', 'a', { session: { peer: { n } } })),
      )
      expect(outcomes.map(({ reason }) => reason?.code).sort()).toEqual([
        'ERR_SESSION_SUPERSEDED',
        'ERR_SESSION_SUPERSEDED',
        undefined,
      ])
      const { rows } = await db.query('SELECT epoch::int, account_id FROM baileys_auth.session')
      expect(rows).toEqual([{ epoch: 3, account_id: 'a' }])
    } finally {
      await Promise.all(children.map((child) => child.stop()))
    }
  })

  test.each(['CREATE SCHEMA', 'CREATE TABLE', 'INSERT 0 1', 'COMMIT'])(
    'a connection that breaks at the answer to %s delays the first open, and no more',
    async (answer) => {
      const proxy = await makeProxy(db.url)
      const dropped = proxy.dropReply(answer)
      await use(make({}, proxy.url(db.url)))
      await dropped
      expect(await stores()).toHaveLength(1)
      await use(make(), 'b')
    },
  )

  test('a store that finds another one at it waits until that one is done', async () => {
    const proxy = await makeProxy(db.url)
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
                     AND wait_event_type = 'Lock'`
    // The first one has begun, and does not hear of it.
    proxy.countRequests('BEGIN')
    const first = make({}, proxy.url(db.url)).useAuthState('first')
    while (proxy.requests === 0) await new Promise(setImmediate)
    proxy.hold({ toServer: false })
    const second = use(make(), 'second')
    while ((await db.query(waiting)).rowCount === 0);
    proxy.release()
    await Promise.all([first, second])
    expect(await stores()).toHaveLength(1)
  })
})

describe('tables of a newer version', () => {
  beforeEach(async () => {
    await use(make())
    await db.query('UPDATE baileys_auth.store SET format_version = 99')
  })

  test.each([[true], [false]])(
    'are refused and left alone (autoMigrate: %p)',
    async (autoMigrate) => {
      const before = await db.query('TABLE baileys_auth.session')
      const store = make({ autoMigrate })
      for (const call of [
        () => store.useAuthState('a'),
        () => store.useAuthState('b'),
        () => store.clear('a'),
      ]) {
        const { message } = await expectRefused(call(), 'ERR_SCHEMA')
        expect(message).toMatch(/format 99.*newer/)
      }
      expect((await db.query('TABLE baileys_auth.session')).rows).toEqual(before.rows)
      expect(await stores()).toMatchObject([{ format_version: 99 }])
    },
  )
})

describe('a row that says how keys are derived', () => {
  test.each([
    ['asks for gigabytes', 'kdf_log_n = 30'],
    ['asks for next to nothing', 'kdf_log_n = 1'],
    ['asks for hours', 'kdf_parallelism = 1000000'],
    ['is none', 'kdf_block_size = 0'],
    ['is negative', 'kdf_parallelism = -1'],
  ])('and %s is refused at once', async (_, change) => {
    await use(make())
    await db.query(`UPDATE baileys_auth.store SET ${change}`)
    const from = performance.now()
    await expectRefused(make().useAuthState('a'), 'ERR_SCHEMA')
    expect(performance.now() - from).toBeLessThan(5_000)
  })
})

describe('a role', () => {
  let role, url

  beforeEach(async () => {
    role = new URL(db.url).pathname.slice(1)
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'a-password'`)
    url = Object.assign(new URL(db.url), { username: role, password: 'a-password' }).href
  })

  afterEach(async () => {
    await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  test('that may not create the tables is told which grant it lacks', async () => {
    const error = await expectRefused(make({}, url).useAuthState('a'), 'ERR_SCHEMA')
    expect(error).toMatchObject({ sqlState: '42501' })
    expect(error.message).toContain('GRANT CREATE ON DATABASE')
    expect(
      (await db.query(`SELECT to_regnamespace('baileys_auth') AS schema`)).rows[0].schema,
    ).toBeNull()
  })

  test('that may create them makes them, and needs no more', async () => {
    await db.query(`GRANT CREATE ON DATABASE ${role} TO ${role}`)
    await use(make({}, url))
  })

  test('that may use the tables that another role has made needs nothing else', async () => {
    await make().clear('nobody')
    await db.query(`GRANT USAGE ON SCHEMA baileys_auth TO ${role};
                    GRANT SELECT ON baileys_auth.store TO ${role};
                    GRANT SELECT, INSERT, UPDATE, DELETE ON baileys_auth.session, baileys_auth.record TO ${role}`)
    const store = make({}, url)
    await use(store)
    await store.clear('a')
  })
})
