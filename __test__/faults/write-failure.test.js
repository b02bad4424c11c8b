'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { addAccount, expectRefused, makeStore, readStored } = require('./stores')

// Failures that PostgreSQL reports on one statement, made by a trigger.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, store, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
    // A row makes the next so many updates of its account fail with a state, -1 all of them. A sequence, since what a
    // failing statement writes is rolled back.
    await db.query(`
    CREATE TABLE failures (id text PRIMARY KEY, state text, times int);
    CREATE SEQUENCE failed;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE failure failures;
      BEGIN
        SELECT * INTO failure FROM failures WHERE id = ${sqlOf[layout].accountOfWrite};
        IF FOUND AND (failure.times < 0 OR nextval('failed') <= failure.times) THEN
          RAISE EXCEPTION 'made to fail' USING ERRCODE = failure.state;
        END IF;
        RETURN coalesce(NEW, OLD);
      END $$;
    CREATE TRIGGER failing BEFORE ${sqlOf[layout].write}
      FOR EACH ROW EXECUTE FUNCTION fail()`)
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
    store = makeStore(db.url, { writeTimeoutMs: 3_000 })
  })

  async function fail({ id = account, state, times = -1 }) {
    await db.query(`SELECT setval('failed', 1, false)`)
    await db.query('INSERT INTO failures VALUES ($1, $2, $3)', [id, state, times])
  }

  const heal = () => db.query('DELETE FROM failures')
  const record = (n) => ({ session: { peer: { n } } })
  const read = ({ state }) => state.keys.get('session', ['peer'])

  test('a refused statement rejects with its SQLSTATE, and the old values stay, here and there', async () => {
    const handle = await store.useAuthState(account)
    await handle.state.keys.set(record(1))
    await fail({ state: 'P0042' })
    const before = await db.stored(account)
    const error = await expectRefused(handle.state.keys.set(record(2)), 'ERR_DB_QUERY')
    expect(error).toMatchObject({ sqlState: 'P0042', operation: 'set', accountId: account })
    expect(await db.stored(account)).toBe(before)
    expect(await read(handle)).toEqual({ peer: { n: 1 } })
    expect(store.stats()).toMatchObject({ failedCommits: 1, retries: 0, pendingRecords: 0 })
  })

  test('deletions and new records that were refused are not seen either', async () => {
    const handle = await store.useAuthState(account)
    await handle.state.keys.set(record(1))
    await fail({ state: 'P0042' })
    const refused = { session: { peer: null, other: { n: 2 } }, 'pre-key': { 1: { n: 2 } } }
    await expectRefused(handle.state.keys.set(refused), 'ERR_DB_QUERY')
    await expectRefused(handle.state.keys.clear(), 'ERR_DB_QUERY')
    expect(await handle.state.keys.get('session', ['peer', 'other'])).toEqual({
      peer: { n: 1 },
      other: null,
    })
    expect(await handle.state.keys.get('pre-key', ['1'])).toEqual({ 1: null })
  })

  test('only the account fails whose statement does', async () => {
    await db.addAccount(`${account}-b`)
    const [bad, good] = [
      await store.useAuthState(account),
      await store.useAuthState(`${account}-b`),
    ]
    await fail({ state: 'P0042' })
    const numbers = Array.from({ length: 20 }, (_, n) => n)
    const [refused, written] = [bad, good].map(({ state }) =>
      numbers.map((n) => state.keys.set(record(n))),
    )
    await Promise.all(written)
    for (const write of refused) await expectRefused(write, 'ERR_DB_QUERY')
    expect((await readStored(db, `${account}-b`)).keys).toEqual({ 'session-peer': { n: 19 } })
  })

  test('the account is written again once its statements succeed; what failed is not carried along', async () => {
    const handle = await store.useAuthState(account)
    await handle.state.keys.set(record(1))
    await fail({ state: 'P0042' })
    const refused = { session: { peer: { n: 2 }, ghost: { n: 2 } } }
    await expectRefused(handle.state.keys.set(refused), 'ERR_DB_QUERY')
    await heal()
    await handle.state.keys.set({ session: { later: { n: 3 } } })
    const expected = { 'session-peer': { n: 1 }, 'session-later': { n: 3 } }
    expect((await readStored(db, account)).keys).toEqual(expected)
    expect(await handle.state.keys.get('session', ['peer', 'ghost', 'later'])).toEqual({
      peer: { n: 1 },
      ghost: null,
      later: { n: 3 },
    })
  })

  test('a set that waits behind one that fails is written, without the one that failed', async () => {
    const handle = await store.useAuthState(account)
    await fail({ state: 'P0042', times: 1 })
    const refused = handle.state.keys.set({ session: { a: { n: 1 }, b: { n: 1 } } })
    while (store.stats().pendingRecords > 0) await new Promise(setImmediate)
    const written = handle.state.keys.set({ session: { b: { n: 2 } } })
    await expectRefused(refused, 'ERR_DB_QUERY')
    await written
    expect((await readStored(db, account)).keys).toEqual({ 'session-b': { n: 2 } })
    expect(await handle.state.keys.get('session', ['a', 'b'])).toEqual({ a: null, b: { n: 2 } })
  })

  test.each([
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
    ['a shutdown', '57P01'],
    ['a server that is starting', '57P03'],
    ['too many connections', '53300'],
    ['a standby after a failover', '25006'],
  ])('%s is tried again', async (_, state) => {
    const handle = await store.useAuthState(account)
    await fail({ state, times: 2 })
    await handle.state.keys.set(record(1))
    expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 1 } })
    expect(store.stats()).toMatchObject({ retries: 2, failedCommits: 0 })
  })

  test('a fault that does not pass is tried until the time is up', async () => {
    const handle = await store.useAuthState(account)
    await fail({ state: '57P01' })
    const from = performance.now()
    const error = await expectRefused(handle.state.keys.set(record(1)), 'ERR_DB_UNAVAILABLE')
    expect(error.sqlState).toBe('57P01')
    expect(performance.now() - from).toBeGreaterThan(1_500)
    expect(store.stats().retries).toBeGreaterThan(2)
    expect(await read(handle)).toEqual({ peer: null })
    await heal()
    await handle.state.keys.set(record(2))
  })

  describe('while another transaction holds the row', () => {
    let blocker

    beforeEach(async () => {
      blocker = new Client({ connectionString: db.url })
      await blocker.connect()
    })

    afterEach(() => blocker.end())

    const lock = () => blocker.query(`BEGIN; ${sqlOf[layout].lock(account)}`)

    test('a set waits, and is written when the row is free', async () => {
      const handle = await store.useAuthState(account)
      await lock()
      const write = handle.state.keys.set(record(1))
      await delay(200)
      await blocker.query('COMMIT')
      await write
      expect((await readStored(db, account)).keys).toEqual({ 'session-peer': { n: 1 } })
    })

    test('longer than the time to write, a set is given up, and what follows is as the database has it', async () => {
      const hasty = makeStore(db.url, { writeTimeoutMs: 500 })
      const handle = await hasty.useAuthState(account)
      await handle.state.keys.set(record(1))
      await lock()
      await expectRefused(handle.state.keys.set(record(2)), 'ERR_DB_TIMEOUT')
      // The server may still finish the statement that was given up, once the row is free.
      await blocker.query('COMMIT')
      await handle.state.keys.set({ session: { later: { n: 3 } } })
      const { keys } = await readStored(db, account)
      expect(keys['session-later']).toEqual({ n: 3 })
      expect([1, 2]).toContain(keys['session-peer'].n)
      expect(await read(handle)).toEqual({ peer: keys['session-peer'] })
    })

    test('an open waits as well', async () => {
      await (await store.useAuthState(account)).close()
      await lock()
      let opened = false
      const opening = store.useAuthState(account).then((handle) => {
        opened = true
        return handle
      })
      await delay(200)
      expect(opened).toBe(false)
      await blocker.query('COMMIT')
      await (await opening).saveCreds()
    })
  })

  test('what makes the account one is deleted while it is open', async () => {
    const code = { column: 'ERR_ACCOUNT_NOT_FOUND', rows: 'ERR_SESSION_CLEARED' }[layout]
    const handle = await store.useAuthState(account)
    await handle.state.keys.set(record(1))
    await db.query(sqlOf[layout].remove(account))
    await expectRefused(handle.state.keys.set(record(2)), code)
    await expectRefused(handle.saveCreds(), code)
    expect(await db.stored(account)).toBeNull()
  })
})
