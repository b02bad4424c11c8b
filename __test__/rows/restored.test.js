'use strict'

const { createDatabase } = require('../support/database')
const { expectRefused, makeStore } = require('../faults/stores')

// A restore of the tables that broke off: what it brought back is told from a session that was never paired.

let db, paired, session, records

beforeAll(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterAll(() => db.drop())

beforeEach(async () => {
  await db.query('DELETE FROM baileys_auth.session')
  paired = await makeStore(db.url).useAuthState('a')
  await paired.saveCreds()
  await paired.state.keys.set({ session: { a: { n: 1 }, b: { n: 2 } }, 'pre-key': { 1: { n: 3 } } })
  await paired.close()
  // As it is after pairing, when Baileys connects again.
  await makeStore(db.url).useAuthState('a')
  const { rows } = await db.query('SELECT * FROM baileys_auth.record ORDER BY record_hash')
  records = rows
  session = rows[0].session_id
})

/** The rows of all tables that hold sessions, with the transactions that wrote them. */
async function tables() {
  const { rows } = await db.query(`
    SELECT xmin::text, s::text AS row FROM baileys_auth.session AS s UNION ALL
    SELECT xmin::text, r::text AS row FROM baileys_auth.record AS r ORDER BY row`)
  return rows
}

/** Leaves the account these of its records. */
async function restore(some) {
  await db.query('DELETE FROM baileys_auth.record')
  for (const { record_hash, kind, value } of some) {
    await db.query('INSERT INTO baileys_auth.record VALUES ($1, $2, $3, $4)', [
      session,
      record_hash,
      kind,
      value,
    ])
  }
}

const isCreds = ({ kind }) => kind === 'creds'

async function expectWhole() {
  const { state } = await makeStore(db.url).useAuthState('a')
  expect(state.creds.signedIdentityKey).toEqual(paired.state.creds.signedIdentityKey)
  expect(await state.keys.get('session', ['a', 'b'])).toEqual({ a: { n: 1 }, b: { n: 2 } })
}

test.each([['first to last'], ['last to first']])(
  'after any of its records, %s, no account starts fresh over one that was paired',
  async (order) => {
    const all = order === 'first to last' ? records : [...records].reverse()
    for (let restored = 0; restored < all.length; restored++) {
      const some = all.slice(0, restored)
      await restore(some)
      const before = await tables()
      if (some.some(isCreds)) {
        const { state } = await makeStore(db.url).useAuthState('a')
        expect(state.creds.registrationId).toBe(paired.state.creds.registrationId)
      } else {
        const error = await expectRefused(makeStore(db.url).useAuthState('a'), 'ERR_UNREADABLE')
        expect(error).toMatchObject({ operation: 'open', accountId: 'a' })
        expect(error.message).toContain('credentials')
        expect(await tables()).toEqual(before)
      }
    }
    await restore(all)
    await expectWhole()
  },
)

test('within any of its records, that one is unreadable, and no account starts fresh', async () => {
  for (const cut of records) {
    await restore(records)
    await db.query(
      `UPDATE baileys_auth.record SET value = substr(value, 1, octet_length(value) / 2)
       WHERE record_hash = $1`,
      [cut.record_hash],
    )
    const before = await tables()
    if (isCreds(cut)) {
      await expectRefused(makeStore(db.url).useAuthState('a'), 'ERR_UNREADABLE')
      expect(await tables()).toEqual(before)
    } else {
      const { state } = await makeStore(db.url).useAuthState('a')
      expect(state.creds.registrationId).toBe(paired.state.creds.registrationId)
      await expectRefused(state.keys.get(cut.kind, ['a', 'b', '1']), 'ERR_UNREADABLE')
    }
  }
  await restore(records)
  await expectWhole()
})

test('a session that never had credentials starts fresh, whatever else it has', async () => {
  const { state } = await makeStore(db.url).useAuthState('never paired')
  await state.keys.set({ session: { a: { n: 1 } } })
  const again = await makeStore(db.url).useAuthState('never paired')
  expect(await again.state.keys.get('session', ['a'])).toEqual({ a: { n: 1 } })
})

test('a session that moved here from the accounts table is known to have had them', async () => {
  const column = await createDatabase({ accounts: ['a'] })
  try {
    const first = await makeStore(column.url).useAuthState('a')
    await first.saveCreds()
    await makeStore(column.url, { layout: 'rows' }).useAuthState('a')
    await column.query(`DELETE FROM baileys_auth.record WHERE kind = 'creds'`)
    await expectRefused(makeStore(column.url).useAuthState('a'), 'ERR_UNREADABLE')
  } finally {
    await column.drop()
  }
})
