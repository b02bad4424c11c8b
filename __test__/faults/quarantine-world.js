'use strict'

const { addAccount, makeStore } = require('./stores')

// What the tests of the quarantine share: accounts, ways to make them unreadable, and what is stored of them.

const ANOTHER = 'the-secret-of-another-environment'

/** Changes the wrapped key of a session in rows; again, and it is as it was. */
const flip = (db, id) =>
  db.query(
    `UPDATE baileys_auth.session SET wrapped_key = set_byte(wrapped_key, 30, get_byte(wrapped_key, 30) # 1)
     WHERE account_id = $1`,
    [id],
  )

/**
 * Makes a session unreadable for a store with the options that it gives: in layout `column` those alone do it; in `rows` a
 * wrong secret is known to be one, and told in any case.
 */
async function spoil(db, id) {
  if (db.layout === 'column') return { secret: ANOTHER }
  await flip(db, id)
  return {}
}

/** Undoes it, once the session is back in its place. */
async function repair(db, id) {
  if (db.layout === 'rows') await flip(db, id)
}

/** Ways to make an account's session one that cannot be read; each gives the reason that is told. */
const damages = {
  column: {
    'a wrong secret': () => 'ERR_UNREADABLE',
    'a changed text': async (db, id) => {
      await db.query(
        `UPDATE whatsapp_accounts SET session_data = overlay(session_data PLACING '00' FROM 100) WHERE id = $1`,
        [id],
      )
      return 'ERR_UNREADABLE'
    },
    'a cut text': async (db, id) => {
      await db.query(
        'UPDATE whatsapp_accounts SET session_data = left(session_data, 200) WHERE id = $1',
        [id],
      )
      return 'ERR_UNREADABLE'
    },
    'a text that is none of ours': async (db, id) => {
      await db.query(`UPDATE whatsapp_accounts SET session_data = '{"creds":{}}' WHERE id = $1`, [
        id,
      ])
      return 'ERR_UNREADABLE'
    },
  },
  rows: {
    'a changed wrapped key': async (db, id) => {
      await flip(db, id)
      return 'ERR_UNREADABLE'
    },
    'changed credentials': async (db, id) => {
      await db.query(
        `UPDATE baileys_auth.record SET value = set_byte(value, 40, get_byte(value, 40) # 1)
         WHERE kind = 'creds' AND session_id = (SELECT session_id FROM baileys_auth.session WHERE account_id = $1)`,
        [id],
      )
      return 'ERR_UNREADABLE'
    },
    'credentials that are gone': async (db, id) => {
      await db.query(
        `DELETE FROM baileys_auth.record
         WHERE kind = 'creds' AND session_id = (SELECT session_id FROM baileys_auth.session WHERE account_id = $1)`,
        [id],
      )
      return 'ERR_UNREADABLE'
    },
  },
}

/** What is stored of an account and sealed: all but who opened it and under which epoch. */
async function sealedOf(db, id) {
  if (db.layout === 'column') return db.sessionData(id)
  const { rows: sessions } = await db.query(
    `SELECT session_id, wrapped_key, key_id, rewrapped, created_at, opened_at, owner, has_creds FROM baileys_auth.session
     WHERE account_id = $1`,
    [id],
  )
  const { rows: records } = await db.query(
    `SELECT record.* FROM baileys_auth.record JOIN baileys_auth.session USING (session_id)
     WHERE account_id = $1 ORDER BY record_hash`,
    [id],
  )
  return { sessions, records }
}

/** The same of a session in quarantine. */
async function sealedInQuarantine(db, id) {
  if (db.layout === 'column') {
    const { rows } = await db.query(
      'SELECT session_data FROM baileys_auth.quarantine WHERE quarantine_id = $1',
      [id],
    )
    return rows[0].session_data
  }
  const { rows: sessions } = await db.query(
    `SELECT session_id, wrapped_key, key_id, rewrapped, created_at, opened_at, owner, has_creds FROM baileys_auth.quarantine
     WHERE quarantine_id = $1`,
    [id],
  )
  const { rows: records } = await db.query(
    `SELECT q.session_id, r.record_hash, r.kind, r.value
     FROM baileys_auth.quarantined_record AS r JOIN baileys_auth.quarantine AS q USING (quarantine_id)
     WHERE quarantine_id = $1 ORDER BY record_hash`,
    [id],
  )
  return { sessions, records }
}

/** A new account with credentials and records, opened again since, as it is after pairing; gives its id and what it holds. */
async function openNew(db, store) {
  const id = await addAccount(db)
  const first = await store.useAuthState(id)
  await first.saveCreds()
  await first.close()
  const handle = await store.useAuthState(id)
  await handle.state.keys.set({
    session: { a: { id }, b: { n: 2 } },
    'identity-key': { a: Buffer.alloc(33, 5) },
  })
  return { id, ...handle }
}

async function expectReadable({ id, state: { creds } }, store) {
  const { state } = await store.useAuthState(id)
  expect(state.creds.signedIdentityKey).toEqual(creds.signedIdentityKey)
  expect(await state.keys.get('session', ['a', 'b'])).toEqual({ a: { id }, b: { n: 2 } })
  expect(await state.keys.get('identity-key', ['a'])).toEqual({ a: Buffer.alloc(33, 5) })
}

/** A store that begins fresh sessions. */
const makeFresh = (databaseUrl, options) =>
  makeStore(databaseUrl, { onUnreadable: 'fresh', ...options })

module.exports = {
  ANOTHER,
  damages,
  expectReadable,
  flip,
  makeFresh,
  openNew,
  repair,
  sealedInQuarantine,
  sealedOf,
  spoil,
}
