'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { addAccount, expectRefused, makeStore } = require('./stores')

// Data and credentials that come from somewhere else: another identity, another environment's secret or database. Each is refused with its code and changes not one row of any table; once it is put right, all
// reads again.

const ANOTHER_ENVIRONMENT = 'the-secret-of-another-environment'

/** Every row of every table that holds sessions, with the transactions that wrote it: unlike for a rewrite, too. */
const TABLES = {
  column: ['public.whatsapp_accounts'],
  rows: ['public.whatsapp_accounts', 'baileys_auth.session', 'baileys_auth.record'],
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  async function tables() {
    const all = {}
    for (const table of TABLES[layout]) {
      const { rows } = await db.query(`SELECT xmin, t::text FROM ${table} AS t ORDER BY t::text`)
      all[table] = rows
    }
    return all
  }

  const make = (options) => makeStore(db.url, options)

  /** A new account with credentials and two records; gives its id and what it holds. */
  async function openNew(store = make(), account = undefined) {
    const id = account ?? (await addAccount(db))
    const handle = await store.useAuthState(id)
    await handle.saveCreds()
    await handle.state.keys.set({ session: { a: { id }, b: { n: 2 } } })
    return { id, ...handle }
  }

  async function expectReadable({ id, state: { creds } }, store = make()) {
    const { state } = await store.useAuthState(id)
    expect(state.creds.signedIdentityKey).toEqual(creds.signedIdentityKey)
    expect(await state.keys.get('session', ['a', 'b'])).toEqual({ a: { id }, b: { n: 2 } })
  }

  describe('credentials of another identity', () => {
    test('replace none that are stored, and nothing else that is', async () => {
      const [mine, other] = [await openNew(), await openNew()]
      const own = { ...mine.state.creds }
      const before = await tables()
      Object.assign(mine.state.creds, other.state.creds)
      for (let times = 0; times < 3; times++) {
        await expectRefused(mine.saveCreds(), 'ERR_IDENTITY_CHANGED')
      }
      expect(await tables()).toEqual(before)
      Object.assign(mine.state.creds, own)
      await mine.saveCreds()
      await Promise.all([expectReadable(mine), expectReadable(other)])
    })

    test('are refused after a reopening too, together with writes that are not', async () => {
      const first = await openNew()
      const { state, saveCreds } = await make().useAuthState(first.id)
      delete state.creds.signedIdentityKey
      const [refused] = await Promise.all([
        expectRefused(saveCreds(), 'ERR_IDENTITY_CHANGED'),
        state.keys.set({ session: { c: { n: 3 } } }),
      ])
      expect(refused).toMatchObject({ operation: 'saveCreds', accountId: first.id })
      expect(await state.keys.get('session', ['c'])).toEqual({ c: { n: 3 } })
      await expectReadable(first)
    })
  })

  describe('the secret of another environment', () => {
    const code = { column: 'ERR_UNREADABLE', rows: 'ERR_WRONG_SECRET' }[layout]

    test('opens none of many accounts at once, and changes none', async () => {
      const many = await Promise.all(Array.from({ length: 8 }, () => openNew()))
      const before = await tables()
      const wrong = make({ secret: ANOTHER_ENVIRONMENT })
      for (let times = 0; times < 2; times++) {
        await Promise.all(many.map(({ id }) => expectRefused(wrong.useAuthState(id), code)))
      }
      expect(await tables()).toEqual(before)
      await Promise.all(many.map(({ state, id }) => state.keys.set({ session: { a: { id } } })))
      for (const handle of many) await expectReadable(handle)
    })

    test('of which a session was copied over this one is told; both read where they belong', async () => {
      const elsewhere = await createDatabase({ layout })
      try {
        const mine = await openNew()
        await elsewhere.addAccount(mine.id)
        // The same secret, too, is another in the rows of another database: its store has another salt.
        const secret = layout === 'rows' ? undefined : ANOTHER_ENVIRONMENT
        const options = secret && { secret }
        const theirs = await openNew(makeStore(elsewhere.url, options), mine.id)
        const copy = await exchange(elsewhere, mine.id)
        const before = await tables()
        await expectRefused(make().useAuthState(mine.id), code)
        expect(await tables()).toEqual(before)
        await copy.undo()
        await expectReadable(mine)
        await expectReadable(theirs, makeStore(elsewhere.url, options))
      } finally {
        await elsewhere.drop()
      }
    })

    /** Puts an account's session of another database in the place of the one here. */
    async function exchange(elsewhere, id) {
      if (layout === 'column') {
        const put = (text) =>
          db.query('UPDATE whatsapp_accounts SET session_data = $2 WHERE id = $1', [id, text])
        const mine = await db.sessionData(id)
        await put(await elsewhere.sessionData(id))
        return { undo: () => put(mine) }
      }
      const read = async ({ query }) => {
        const { rows: sessions } = await query(
          'SELECT s::text AS row FROM baileys_auth.session AS s WHERE account_id = $1',
          [id],
        )
        const { rows: records } = await query(
          `SELECT r::text AS row FROM baileys_auth.record AS r JOIN baileys_auth.session AS s USING (session_id)
           WHERE account_id = $1`,
          [id],
        )
        return { sessions, records }
      }
      const put = async ({ sessions, records }) => {
        await db.query('DELETE FROM baileys_auth.session WHERE account_id = $1', [id])
        for (const { row } of sessions) {
          await db.query('INSERT INTO baileys_auth.session SELECT ($1::baileys_auth.session).*', [
            row,
          ])
        }
        for (const { row } of records) {
          await db.query('INSERT INTO baileys_auth.record SELECT ($1::baileys_auth.record).*', [
            row,
          ])
        }
      }
      const mine = await read(db)
      await put(await read(elsewhere))
      return { undo: () => put(mine) }
    }
  })
})
