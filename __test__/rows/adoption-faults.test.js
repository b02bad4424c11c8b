'use strict'

const original = require('../interop/original')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  SECRET,
  addAccount,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  readStored,
} = require('../faults/stores')

// A session moves into rows once and whole, or stays where it is, whatever happens while it moves.

const OTHER_SECRET = 'another-secret-of-good-length'
const IDS = Array.from({ length: 500 }, (_, n) => String(n))
const KEYS = Object.fromEntries(IDS.map((id) => [`session-${id}`, { id }]))
const CREDS = { registered: true, platform: 'android' }

let db

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

/** An account whose session is in the accounts table. */
async function accountWith(sessionData) {
  const account = await addAccount(db)
  const put = 'UPDATE whatsapp_accounts SET session_data = $2 WHERE id = $1'
  await db.query(put, [account, sessionData])
  return account
}

const sealed = (secret = SECRET) => original.seal({ creds: CREDS, keys: KEYS }, secret)

/** Asserts that all of the session is in rows, once, and nothing of it elsewhere. */
async function expectMoved(account) {
  expect(await db.sessionData(account)).toBeNull()
  expect(await readStored(db, account)).toEqual({ creds: CREDS, keys: KEYS })
}

/** Asserts that the account's session is in the accounts table alone. */
async function expectUnmoved(account, sessionData) {
  expect(JSON.parse(await db.stored(account))).toEqual([sessionData])
}

describe('an account that several open at once', () => {
  test('stores of one process: one moves it, and the last one owns it', async () => {
    for (let round = 0; round < 5; round++) {
      const account = await accountWith(sealed())
      const stores = Array.from({ length: 4 }, () => makeStore(db.url))
      const handles = await Promise.all(stores.map((store) => store.useAuthState(account)))
      for (const { state } of handles) expect(state.creds).toMatchObject(CREDS)
      await expectMoved(account)
      const saves = await Promise.allSettled(handles.map(({ saveCreds }) => saveCreds()))
      expect(saves.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  test('processes: the same', async () => {
    const children = Array.from({ length: 3 }, () =>
      startChild(require.resolve('../faults/store-process'), environment(db.url)),
    )
    try {
      for (let round = 0; round < 5; round++) {
        const account = await accountWith(sealed())
        const creds = await Promise.all(children.map((child) => child.call('open', account)))
        for (const each of creds) expect(JSON.parse(each)).toMatchObject(CREDS)
        await expectMoved(account)
        const sets = await Promise.allSettled(
          children.map((child, n) => child.call('set', account, { 'pre-key': { [n]: { n } } })),
        )
        expect(sets.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      }
    } finally {
      await Promise.all(children.map((child) => child.stop()))
    }
  })

  test('many accounts at once: all of them move', async () => {
    const accounts = []
    for (let n = 0; n < 20; n++) accounts.push(await accountWith(sealed()))
    const store = makeStore(db.url)
    await Promise.all(accounts.map((account) => store.useAuthState(account)))
    for (const account of accounts) await expectMoved(account)
  })
})

describe('a process that still writes in layout column', () => {
  let old, account

  beforeEach(async () => {
    // It found the database before there were rows.
    const column = await createDatabase({ accounts: ['a'] })
    old = column
    account = 'a'
  })

  afterEach(() => old.drop())

  test('is refused once the session has moved, and brings nothing back', async () => {
    const older = await makeStore(old.url, { layout: 'column' }).useAuthState(account)
    await Promise.all([older.saveCreds(), older.state.keys.set({ session: { peer: { n: 1 } } })])
    const newer = await makeStore(old.url, { layout: 'rows' }).useAuthState(account)
    expect(await newer.state.keys.get('session', ['peer'])).toEqual({ peer: { n: 1 } })
    for (const write of [
      () => older.state.keys.set({ session: { peer: { n: 2 } } }),
      () => older.saveCreds(),
      () => older.state.keys.clear(),
    ]) {
      await expectRefused(write(), 'ERR_SESSION_SUPERSEDED', 'ERR_SESSION_CLEARED')
    }
    expect(await old.sessionData(account)).toBeNull()
    await newer.state.keys.set({ session: { peer: { n: 3 } } })
  })

  test('and writes without pause while the session moves: what it was acknowledged has moved too', async () => {
    const writer = startChild(require.resolve('../faults/store-process'), {
      ...environment(old.url),
      BAILEYS_AUTH_LAYOUT: 'column',
    })
    try {
      await writer.call('open', account)
      let acknowledged = 0
      const writing = (async () => {
        for (;;) {
          await writer.call('set', account, { session: { peer: { n: acknowledged + 1 } } })
          acknowledged++
        }
      })()
      const refused = expect(writing).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_SESSION_(SUPERSEDED|CLEARED)$/),
      })
      while (acknowledged < 20) await new Promise(setImmediate)
      const { state } = await makeStore(old.url, { layout: 'rows' }).useAuthState(account)
      await refused
      expect(await state.keys.get('session', ['peer'])).toEqual({ peer: { n: acknowledged } })
      expect(await old.sessionData(account)).toBeNull()
    } finally {
      await writer.stop()
    }
  })
})

describe('a session that cannot be moved stays as it is', () => {
  test('under another secret; the right one moves it', async () => {
    const text = sealed()
    const account = await accountWith(text)
    const wrong = makeStore(db.url, { secret: OTHER_SECRET })
    await expectRefused(wrong.useAuthState(account), 'ERR_UNREADABLE', 'ERR_WRONG_SECRET')
    await expectUnmoved(account, text)
    await makeStore(db.url).useAuthState(account)
    await expectMoved(account)
  })

  test('under an earlier secret it is moved, and sealed with the current one', async () => {
    const account = await accountWith(sealed(OTHER_SECRET))
    await makeStore(db.url, { previousSecrets: [OTHER_SECRET] }).useAuthState(account)
    await expectMoved(account)
  })

  test.each([
    ['no JSON', 'noiseKey: secret'],
    ['cut off', sealed().slice(0, -10)],
    ['another form', JSON.stringify({ creds: CREDS, keys: KEYS })],
    ['a list of keys', JSON.stringify(original.encrypt('{"creds":{},"keys":[]}', SECRET))],
  ])('if its text is %s; a clear takes it away', async (_, text) => {
    const account = await accountWith(text)
    const store = makeStore(db.url)
    for (let times = 0; times < 2; times++) {
      const error = await expectRefused(store.useAuthState(account), 'ERR_UNREADABLE')
      expect(error).toMatchObject({ operation: 'open', accountId: account })
      await expectUnmoved(account, text)
    }
    await store.clear(account)
    expect(await db.stored(account)).toBeNull()
    expect((await store.useAuthState(account)).state.creds.registered).toBe(false)
  })

  test('if PostgreSQL refuses one of its records; others of the same moment move', async () => {
    await db.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'P0042'; END $$;
      CREATE TRIGGER refusing BEFORE INSERT ON baileys_auth.record
        FOR EACH ROW WHEN (NEW.kind = 'tctoken') EXECUTE FUNCTION refuse()`)
    try {
      const text = original.seal({ creds: CREDS, keys: { ...KEYS, 'tctoken-1': 'x' } }, SECRET)
      const [refused, moved] = [await accountWith(text), await accountWith(sealed())]
      const store = makeStore(db.url)
      const [outcome] = await Promise.all([
        expectRefused(store.useAuthState(refused), 'ERR_DB_QUERY'),
        store.useAuthState(moved),
      ])
      expect(outcome).toMatchObject({ sqlState: 'P0042', accountId: refused })
      await expectUnmoved(refused, text)
      await expectMoved(moved)
    } finally {
      await db.query('DROP FUNCTION refuse CASCADE')
    }
  })
})

describe('a connection that breaks', () => {
  test('while the session moves delays it, and no more, whether it had moved or not', async () => {
    // Says something when every record is written, before the commit.
    await db.query(`
      CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'every record is written'; RETURN NULL; END $$;
      CREATE TRIGGER telling AFTER INSERT ON baileys_auth.record
        FOR EACH STATEMENT EXECUTE FUNCTION tell()`)
    try {
      const account = await accountWith(sealed())
      const proxy = await makeProxy(db.url)
      const dropped = proxy.dropReply('every record is written')
      const { state, saveCreds } = await makeStore(proxy.url(db.url)).useAuthState(account)
      await dropped
      expect(state.creds).toMatchObject(CREDS)
      await expectMoved(account)
      await saveCreds()
    } finally {
      await db.query('DROP FUNCTION tell CASCADE')
    }
  })

  test('before it moves: the open fails in time, and the session is where it was', async () => {
    const text = sealed()
    const account = await accountWith(text)
    const proxy = await makeProxy(db.url)
    const store = makeStore(proxy.url(db.url), { writeTimeoutMs: 500 })
    await store.clear('nobody')
    proxy.refuse()
    proxy.cut()
    await expectRefused(store.useAuthState(account), 'ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT')
    await expectUnmoved(account, text)
  })
})

test('a clear of an account that was never opened in rows leaves nothing to move', async () => {
  const account = await accountWith(sealed())
  const store = makeStore(db.url)
  await store.clear(account)
  expect(await db.stored(account)).toBeNull()
  expect((await store.useAuthState(account)).state.creds.registered).toBe(false)
})
