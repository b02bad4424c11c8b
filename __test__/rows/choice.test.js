'use strict'

const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  environment,
  expectRefused,
  makeStore,
  quickBaileys,
  readStored,
} = require('../faults/stores')

// Which layout a store takes a database for.

let db

beforeEach(async () => {
  db = await createDatabase({ accounts: ['a'] })
})

afterEach(() => db.drop())

const make = (options) => makeStore(db.url, { baileys: quickBaileys, ...options })

/** The schemas in which there is a table of ours. */
async function schemas() {
  const { rows } = await db.query(`SELECT schemaname FROM pg_tables WHERE tablename = 'store'`)
  return rows.map(({ schemaname }) => schemaname).sort()
}

/** Opens the account and writes; gives the layout. */
async function use(store) {
  expect(store.stats().layout).toBeNull()
  const { state, saveCreds } = await store.useAuthState('a')
  await Promise.all([saveCreds(), state.keys.set({ session: { peer: { n: 1 } } })])
  return store.stats().layout
}

async function expectColumn(store) {
  expect(await use(store)).toBe('column')
  expect(await readStored(db, 'a')).toMatchObject({ keys: { 'session-peer': { n: 1 } } })
}

async function expectRows(store, schema = 'baileys_auth') {
  expect(await use(store)).toBe('rows')
  expect(await schemas()).toEqual([schema])
  expect((await db.sessionData('a')) ?? null).toBeNull()
}

describe('left out, the layout is', () => {
  test('column where there is an accounts table with a column for sessions', async () => {
    await expectColumn(make())
    expect(await schemas()).toEqual([])
  })

  test('column where the table and its columns have other names', async () => {
    await db.query(`CREATE SCHEMA app; ALTER TABLE whatsapp_accounts SET SCHEMA app;
                    ALTER TABLE app.whatsapp_accounts RENAME TO "Accounts";
                    ALTER TABLE app."Accounts" RENAME session_data TO "sessionData"`)
    const accountsTable = { schema: 'app', table: 'Accounts', sessionData: 'sessionData' }
    expect(await use(make({ accountsTable }))).toBe('column')
    expect(await schemas()).toEqual([])
  })

  test.each([
    ['there is no accounts table', 'DROP TABLE whatsapp_accounts'],
    [
      'the accounts table has no column for sessions',
      'ALTER TABLE whatsapp_accounts DROP session_data',
    ],
  ])('rows where %s', async (_, change) => {
    await db.query(change)
    const store = make()
    await use(store)
    expect([store.stats().layout, await schemas()]).toEqual(['rows', ['baileys_auth']])
  })

  test('rows where there are tables for rows, though there is an accounts table too', async () => {
    await make({ layout: 'rows' }).clear('nobody')
    await expectRows(make())
  })
})

describe('explicitly', () => {
  test('rows are made beside an accounts table', async () => {
    await expectRows(make({ layout: 'rows' }))
  })

  test('column beside rows is refused, since it would not see the sessions in them', async () => {
    await use(make({ layout: 'rows' }))
    const before = await db.query('TABLE baileys_auth.session')
    const store = make({ layout: 'column' })
    for (const call of [store.useAuthState('a'), store.clear('a')]) {
      expect((await expectRefused(call, 'ERR_CONFIG')).message).toContain('layout')
    }
    expect((await db.query('TABLE baileys_auth.session')).rows).toEqual(before.rows)
    expect(await db.sessionData('a')).toBeNull()
  })

  test('column without an accounts table is ERR_SCHEMA, and makes no rows', async () => {
    await db.query('DROP TABLE whatsapp_accounts')
    await expectRefused(make({ layout: 'column' }).useAuthState('a'), 'ERR_SCHEMA')
    expect(await schemas()).toEqual([])
  })

  test('the environment says it where no option does', async () => {
    const script = `
      const { createSessionStore } = require('.')
      const store = createSessionStore()
      store.clear('a').then(() => console.log(store.stats().layout), ({ code }) => console.log(code))`
    const run = async (env) => (await runScript(script, { ...environment(db.url), ...env })).stdout
    const off = { BAILEYS_AUTH_AUTO_MIGRATE: 'false' }
    expect(await run({ BAILEYS_AUTH_LAYOUT: 'rows', ...off })).toBe('ERR_SCHEMA\n')
    expect(await run({})).toBe('column\n')
    expect(await run({ BAILEYS_AUTH_LAYOUT: 'rows' })).toBe('rows\n')
    expect(await run({ BAILEYS_AUTH_LAYOUT: 'column' })).toBe('ERR_CONFIG\n')
    expect(await run(off)).toBe('rows\n')
  })
})

describe('the schema option', () => {
  test.each(['sessions', 'Or an"odd; one'])('%s is where the rows are', async (schema) => {
    await expectRows(make({ layout: 'rows', schema }), schema)
    // Whoever does not know of that schema finds the accounts table.
    expect(await use(make())).toBe('column')
  })

  test('may name a schema that is there already, with other tables', async () => {
    await db.query('CREATE SCHEMA shared; CREATE TABLE shared.record (a int)')
    await db.query('ALTER TABLE shared.record RENAME TO other')
    await expectRows(make({ layout: 'rows', schema: 'shared' }), 'shared')
  })

  test('keeps two sets of accounts apart in one database', async () => {
    const [first, second] = ['one', 'two'].map((schema) => make({ layout: 'rows', schema }))
    const handles = await Promise.all([first, second].map((store) => store.useAuthState('a')))
    await Promise.all(handles.map(({ state }, n) => state.keys.set({ session: { peer: { n } } })))
    for (const [n, { state }] of handles.entries()) {
      expect(await state.keys.get('session', ['peer'])).toEqual({ peer: { n } })
    }
    await first.clear('a')
    expect(await handles[1].state.keys.get('session', ['peer'])).toEqual({ peer: { n: 1 } })
    await handles[1].state.keys.set({ session: { peer: { n: 2 } } })
  })
})

describe('without autoMigrate', () => {
  test('missing tables are ERR_SCHEMA, and are not made; once they are there, the same store works', async () => {
    await db.query('DROP TABLE whatsapp_accounts')
    const store = make({ autoMigrate: false })
    for (const call of [() => store.useAuthState('a'), () => store.clear('a')]) {
      expect((await expectRefused(call(), 'ERR_SCHEMA')).message).toContain('autoMigrate')
    }
    expect(await schemas()).toEqual([])
    await make().clear('nobody')
    expect(await use(store)).toBe('rows')
  })

  test('an accounts table is used as ever', () => expectColumn(make({ autoMigrate: false })))
})
