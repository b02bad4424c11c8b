'use strict'

const { encryptData } = require('../..')
const { createDatabase } = require('../support/database')
const { startPostgres } = require('../support/postgres')
const { SECRET, addAccount, expectRefused, makeStore, quickBaileys } = require('../faults/stores')
const { LAYOUTS } = require('../faults/layouts')
const { World } = require('../migration/world')

// What a store knows of sessions without opening them.

const NEW = 'another-secret-of-good-length'

const all = async (sessions) => {
  const found = []
  for await (const session of sessions) found.push(session)
  return found
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout })
  })

  afterEach(() => db.drop())

  const make = (options) => makeStore(db.url, { baileys: quickBaileys, ...options })

  /** A session with four records; gives its account. */
  async function addSession(store) {
    const account = await addAccount(db)
    const { state, saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await state.keys.set({
      'pre-key': { 1: { a: 1 }, 2: { a: 2 } },
      session: { '1.0': Buffer.from('a ratchet') },
    })
    return account
  }

  test('there are none in a new database', async () => {
    expect(await all(make().sessions())).toEqual([])
  })

  test('tells what each holds, whoever has it open, and takes it from nobody', async () => {
    const [owner, before] = [make(), Date.now()]
    const account = await addSession(owner)
    const [session] = await all(make().sessions())
    expect(session).toMatchObject({ accountId: account, layout })
    expect(session.bytes).toBeGreaterThan(100)
    if (layout === 'rows') {
      expect(session).toMatchObject({
        records: 4,
        kinds: { creds: 1, 'pre-key': 2, session: 1 },
        owner: expect.stringMatching(new RegExp(`.:${process.pid}$`)),
        keyId: expect.stringMatching(/^[0-9a-f]{8}$/),
        secret: 'current',
        lastWriteAt: null,
      })
      for (const time of [session.createdAt, session.openedAt]) {
        expect(Math.abs(time - before)).toBeLessThan(60_000)
      }
    } else {
      expect(session).toMatchObject({
        records: null,
        kinds: null,
        owner: null,
        createdAt: null,
        openedAt: null,
        keyId: null,
        secret: null,
      })
    }
    const { state } = await owner.useAuthState(account)
    await state.keys.set({ session: { '1.0': Buffer.from('the next') } })
  })

  test('knows when a session was written to, if the database does', async () => {
    const [store, before] = [make(), Date.now()]
    await addSession(store)
    const [{ lastWriteAt }] = await all(store.sessions())
    if (layout === 'column') expect(Math.abs(lastWriteAt - before)).toBeLessThan(60_000)
    else expect(lastWriteAt).toBeNull()
  })

  test('one alone, and none of an account that has no session', async () => {
    const store = make()
    const [, account] = [await addSession(store), await addSession(store)]
    expect((await all(store.sessions({ accountId: account }))).map((it) => it.accountId)).toEqual([
      account,
    ])
    expect(await all(store.sessions({ accountId: await addAccount(db) }))).toEqual([])
  })

  test('more of them than are read at a time, each once and in order', async () => {
    const account = await addSession(make())
    await copy(db, account, 1_200)
    const accounts = (await all(make().sessions())).map((session) => session.accountId)
    expect(accounts).toHaveLength(1_201)
    expect(new Set(accounts).size).toBe(1_201)
    const { rows } = await db.query(
      `SELECT ${layout === 'rows' ? 'account_id FROM baileys_auth.session' : 'id AS account_id FROM whatsapp_accounts'}
       ORDER BY 1`,
    )
    expect(accounts).toEqual(rows.map((row) => row.account_id))
  })

  test('an option that is none is refused', () => {
    const store = make()
    for (const options of [
      { account: 'a' },
      { accountId: '' },
      { accountId: 'a\0' },
      { accountId: 5 },
      null,
    ]) {
      expect(() => store.sessions(options)).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT' }),
      )
    }
  })

  test('a store that was closed refuses', async () => {
    const store = make()
    await store.close()
    await expectRefused(all(store.sessions()), 'ERR_CLOSED')
  })
})

/** Makes as many sessions more, of the same content. */
async function copy(db, account, count) {
  if (db.layout === 'column') {
    await db.query(
      `INSERT INTO whatsapp_accounts (id, user_id, name, updated_at, session_data)
       SELECT 'copy-' || n, user_id, name, updated_at, session_data
       FROM whatsapp_accounts, generate_series(1, $2) AS n WHERE id = $1`,
      [account, count],
    )
    return
  }
  await db.query(
    `INSERT INTO baileys_auth.session (session_id, account_id, epoch, opener, wrapped_key, key_id, owner)
     SELECT gen_random_uuid(), 'copy-' || n, 1, opener, wrapped_key, key_id, owner
     FROM baileys_auth.session, generate_series(1, $2) AS n WHERE account_id = $1`,
    [account, count],
  )
}

test('tells the sessions of each secret apart', async () => {
  const db = await createDatabase({ layout: 'rows' })
  try {
    const [old, current] = [await addAccount(db), await addAccount(db)]
    await makeStore(db.url, { baileys: quickBaileys }).useAuthState(old)
    await makeStore(db.url, { baileys: quickBaileys, secret: NEW }).useAuthState(current)
    const secrets = async (options) => {
      const sessions = await all(makeStore(db.url, options).sessions())
      return Object.fromEntries(sessions.map(({ accountId, secret }) => [accountId, secret]))
    }
    expect(await secrets({ secret: NEW })).toEqual({ [old]: 'unknown', [current]: 'current' })
    expect(await secrets({ secret: NEW, previousSecrets: [SECRET] })).toEqual({
      [old]: 'previous',
      [current]: 'current',
    })
  } finally {
    await db.drop()
  }
})

test('sessions that layout rows has yet to adopt come after those in rows', async () => {
  const world = await World.of('column')
  try {
    await world.add(['b', 'c'])
    const store = world.make()
    await store.migrate()
    await world.add(['d'])
    const text = await takeText(world)
    const sessions = await all(store.sessions())
    expect(sessions.map(({ accountId, layout }) => [accountId, layout])).toEqual([
      ['b', 'rows'],
      ['c', 'rows'],
      ['d', 'rows'],
      ['a', 'column'],
    ])
    expect(sessions[3].bytes).toBe(text.length)
  } finally {
    await world.db.drop()
  }
})

/** Puts a text that the original service wrote in the place of an account; gives it. */
async function takeText({ db }) {
  const text = JSON.stringify(encryptData(JSON.stringify({ creds: { a: 1 }, keys: {} }), SECRET))
  await db.addAccount('a')
  await db.query(`UPDATE whatsapp_accounts SET session_data = $1 WHERE id = 'a'`, [text])
  return text
}

test('the last write is that of the newest record, where the server keeps when transactions were committed', async () => {
  const server = await startPostgres()
  try {
    await server.ask('ALTER SYSTEM SET track_commit_timestamp = on')
    await server.restart()
    const db = await createDatabase({ layout: 'rows', serverUrl: server.url() })
    const store = makeStore(db.url, { baileys: quickBaileys })
    const { state, saveCreds } = await store.useAuthState(await addAccount(db))
    await saveCreds()
    const lastWrite = async () => (await all(store.sessions()))[0].lastWriteAt.getTime()
    const first = await lastWrite()
    const { rows } = await db.query('SELECT clock_timestamp() AS now')
    const now = rows[0].now.getTime()
    expect(first).toBeLessThanOrEqual(now)
    await state.keys.set({ session: { a: { n: 1 } } })
    expect(await lastWrite()).toBeGreaterThanOrEqual(now)
    await store.close()
  } finally {
    await server.stop()
  }
})
