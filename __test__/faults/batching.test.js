'use strict'

const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { makeProxy, makeStore, readStored } = require('./stores')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, proxy, store

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ['a', 'b'] })
    // Counts what the database does, not what the store says it does; a sequence also counts what is rolled back.
    await db.query(`
    CREATE SEQUENCE updates;
    CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM nextval('updates'); RETURN NULL; END $$;
    CREATE TRIGGER count_updates AFTER ${sqlOf[layout].set}
      FOR EACH STATEMENT EXECUTE FUNCTION count_update()`)
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    proxy = await makeProxy(db.url)
    store = makeStore(proxy.url(db.url))
  })

  async function updates() {
    const { rows } = await db.query('SELECT last_value::int, is_called FROM updates')
    return rows[0].is_called ? rows[0].last_value : 0
  }

  /** How many updates the database sees while `work` runs. */
  async function updatesDuring(work) {
    const before = await updates()
    await work()
    return (await updates()) - before
  }

  test('sets that arrive while a write is in flight leave together in the next one', async () => {
    const { state, saveCreds } = await store.useAuthState('a')
    const count = await updatesDuring(async () => {
      proxy.pause()
      const first = state.keys.set({ session: { first: { n: 0 } } })
      // The first write is under way once nothing is pending any more but what the paused proxy holds.
      while (store.stats().pendingRecords > 0) await new Promise(setImmediate)
      const rest = Array.from({ length: 200 }, (_, n) =>
        state.keys.set({ session: { [n % 50]: { n } } }),
      )
      proxy.resume()
      await Promise.all([first, ...rest, saveCreds()])
    })
    expect(count).toBe(2)
    const { keys } = await readStored(db, 'a')
    expect(keys['session-first']).toEqual({ n: 0 })
    for (let n = 0; n < 50; n++) expect(keys[`session-${n}`]).toEqual({ n: 150 + n })
  })

  test('what one turn of the event loop writes leaves together', async () => {
    const { state, saveCreds } = await store.useAuthState('a')
    const count = await updatesDuring(async () => {
      const sets = Array.from({ length: 50 }, (_, n) => state.keys.set({ session: { [n]: { n } } }))
      await Promise.all([...sets, saveCreds()])
    })
    expect(count).toBe(1)
  })

  test('sets one after another are a write each', async () => {
    const { state } = await store.useAuthState('a')
    const count = await updatesDuring(async () => {
      for (let n = 0; n < 10; n++) await state.keys.set({ session: { a: { n } } })
    })
    expect(count).toBe(10)
  })

  test('a set with nothing in it writes nothing', async () => {
    const { state } = await store.useAuthState('a')
    const count = await updatesDuring(() =>
      Promise.all([state.keys.set({}), state.keys.set({ 'pre-key': {} })]),
    )
    expect(count).toBe(0)
  })

  test('reads of what is known ask the database for nothing', async () => {
    const { state } = await store.useAuthState('a')
    await state.keys.set({ session: { a: { n: 1 } } })
    await state.keys.get('session', ['missing'])
    proxy.pause()
    expect(await state.keys.get('session', ['a', 'missing'])).toEqual({
      a: { n: 1 },
      missing: null,
    })
    proxy.resume()
  })

  test('a slow account does not hold up another', async () => {
    const [slow, quick] = [await store.useAuthState('a'), await store.useAuthState('b')]
    // A lock on the row of one account, as a long transaction of the backend would hold.
    const client = new Client({ connectionString: db.url })
    await client.connect()
    await client.query(`BEGIN; ${sqlOf[layout].lock('a')}`)
    let written = false
    const waiting = slow.state.keys.set({ session: { a: { n: 2 } } }).then(() => {
      written = true
    })
    for (let n = 0; n < 20; n++) await quick.state.keys.set({ session: { a: { n } } })
    expect(written).toBe(false)
    await client.query('COMMIT')
    await client.end()
    await waiting
  })
})
