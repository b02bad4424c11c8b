'use strict'

const { encryptData } = require('../..')
const { certificates } = require('../support/certificates')
const { createDatabase } = require('../support/database')
const { printedForms, printingLogger } = require('../support/printed')
const { LAYOUTS, sqlOf } = require('./layouts')
const { makeProxy, makeStore } = require('./stores')

// Nothing that is printed when things go wrong may hold a secret, a value, a password, or what a server puts beside its
// message. Here all of it is made to go wrong, and everything that could be printed is searched.

const SECRET = 'the-secret-that-nobody-may-see'
const PREVIOUS = 'an-earlier-secret-that-nobody-may-see'
const VALUE = 'a-value-that-nobody-may-see'
const KEY_ID = '5511999990000.0'

const plaintexts = [
  VALUE,
  `{"creds":${VALUE}}`,
  `{"creds":{"me":"${VALUE}"},"keys":["${VALUE}"]}`,
  `{"creds":{"me":"${VALUE}"},"keys":{"session-${KEY_ID}":${VALUE}}}`,
]
const texts = [
  `{"iv":"${VALUE}","authTag":"${VALUE}","encrypted":"${VALUE}"}`,
  `{"creds":{"me":"${VALUE}"}}`,
  VALUE,
  ...plaintexts.map((plaintext) => JSON.stringify(encryptData(plaintext, SECRET))),
]
const putText = `UPDATE whatsapp_accounts SET session_data = $1 WHERE id = 'a'`

/** In rows a secret is known to be wrong by this, and told in any case. */
const anotherKey = (db) =>
  db.query(`UPDATE baileys_auth.session SET key_id = left('${VALUE}', 16)::bytea`)

/** Ways to make the session of account `a` unreadable, mostly by a value where none may be. */
const damages = {
  column: [
    async (db) => {
      const sealed = JSON.parse(await db.sessionData('a'))
      await db.query(putText, [JSON.stringify({ ...sealed, authTag: '0'.repeat(32) })])
    },
    ...texts.map((text) => (db) => db.query(putText, [text])),
  ],
  rows: [
    ...[
      `UPDATE baileys_auth.record SET value = overlay(value PLACING '\\x00' FROM 20)`,
      `UPDATE baileys_auth.record SET value = '${VALUE}'`,
      `UPDATE baileys_auth.record SET value = ''`,
      `UPDATE baileys_auth.session SET wrapped_key = rpad('${VALUE}', 61)::bytea`,
    ].map((statement) => (db) => db.query(statement)),
    anotherKey,
    // Sessions in the original form, which an open moves into rows.
    ...texts.map((text) => async (db) => {
      await db.query(sqlOf.rows.empty)
      await db.query(putText, [text])
    }),
  ],
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, proxy, store, logger
  /** Everything that was said: errors in each of their forms, and log lines. */
  let said

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ['a', 'b'] })
    await db.query(`
    CREATE TABLE failing (state text);
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM failing) THEN
          RAISE EXCEPTION 'made to fail' USING ERRCODE = (SELECT state FROM failing),
            DETAIL = 'a detail: ' || to_jsonb(coalesce(NEW, OLD)),
            HINT = 'a hint: ' || to_jsonb(coalesce(NEW, OLD));
        END IF;
        RETURN coalesce(NEW, OLD);
      END $$`)
    for (const event of new Set([sqlOf[layout].open, sqlOf[layout].write])) {
      await db.query(`CREATE TRIGGER failing BEFORE ${event} FOR EACH ROW EXECUTE FUNCTION fail()`)
    }
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    await db.query(`DELETE FROM failing; ${sqlOf[layout].empty}`)
    said = []
    logger = printingLogger((text) => said.push(text))
    proxy = await makeProxy(db.url)
    store = make(proxy.url(db.url))
  })

  function make(databaseUrl, options) {
    return makeStore(databaseUrl, {
      secret: SECRET,
      previousSecrets: [PREVIOUS],
      writeTimeoutMs: 300,
      pool: { connectTimeoutMs: 200 },
      logger,
      onAudit: (event) => said.push(...printedForms(event)),
      ...options,
    })
  }

  /** Runs what has to fail, and takes down what it says. */
  async function fail(work) {
    const error = await (async () => work())().then(
      () => new Error('it did not fail'),
      (reason) => reason,
    )
    expect(error).toHaveProperty('code', expect.stringMatching(/^ERR_/))
    said.push(...printedForms(error))
    return error
  }

  function expectNothingSaid() {
    const { password } = new URL(db.url)
    const text = said.join('\n')
    expect(text.length).toBeGreaterThan(500)
    for (const forbidden of [
      SECRET,
      PREVIOUS,
      VALUE,
      password,
      KEY_ID,
      'a detail',
      'a hint',
      'hunter2',
    ]) {
      expect(text.includes(forbidden) && forbidden).toBe(false)
    }
    // Nor what was sealed.
    expect(text).not.toMatch(/[0-9a-f]{64}/)
  }

  const write = ({ state }) => state.keys.set({ session: { [KEY_ID]: { value: VALUE } } })

  async function open() {
    const handle = await store.useAuthState('a')
    handle.state.creds.me = { id: KEY_ID, name: VALUE }
    await handle.saveCreds()
    return handle
  }

  test.each(['P0042', '40001', '57P01', '53100', '23505', '22P02'])(
    'a statement refused with %s',
    async (state) => {
      const handle = await open()
      await db.query('INSERT INTO failing VALUES ($1)', [state])
      await fail(() => write(handle))
      await fail(() => handle.saveCreds())
      await fail(() => store.useAuthState('b'))
      await fail(() => store.clear('a'))
      expectNothingSaid()
    },
  )

  test('a database that breaks connections, is silent, or is not there', async () => {
    const handle = await open()
    proxy.refuse()
    proxy.cut()
    await fail(() => write(handle))
    await fail(() => store.useAuthState('b'))
    proxy.accept()
    proxy.pause()
    await fail(() => write(handle))
    await fail(() => store.useAuthState('b'))
    proxy.cut()
    proxy.resume()
    expectNothingSaid()
  })

  test('logins that fail, and connection strings that are wrong', async () => {
    const { username, password, host, pathname } = new URL(db.url)
    for (const databaseUrl of [
      `postgresql://${username}:hunter2@${host}${pathname}`,
      `postgresql://nobody:${password}@${host}${pathname}`,
      `postgresql://${username}:${password}@${host}/nowhere`,
      `postgresql://${username}:${password}@${host}${pathname}?sslmode=require`,
      `postgresql://${username}:${password}@${host}${pathname}?sslmode=perhaps`,
      `postgresql://${username}:${password}@no.such.host.invalid${pathname}`,
      `postgresql://${username}:${password}@${host}:port${pathname}`,
      `postgresql://${username}:${password}@${password}@${host}${pathname}`,
      `host=127.0.0.1 user=${username} password='${password}`,
      `host=127.0.0.1 port=${password} user=${username} password=${password}`,
      password,
    ]) {
      await fail(() => make(databaseUrl).useAuthState('a'))
    }
    await fail(() => make(`${db.url}?schema=nowhere`, { layout: 'column' }).useAuthState('a'))
    const unknown = make(`${db.url}?frobnicate=hunter2`)
    await unknown.useAuthState('b')
    const sslidentity = encodeURIComponent(certificates.client.archives.modern)
    await fail(() =>
      make(`${db.url}?sslmode=require&sslidentity=${sslidentity}&sslpassword=hunter2`),
    )
    expectNothingSaid()
  })

  test('options that are wrong', async () => {
    await fail(() => make(db.url, { secret: 'hunter2' }))
    await fail(() => make(db.url, { secret: { toString: () => SECRET } }))
    await fail(() => make(db.url, { previousSecrets: [SECRET, { PREVIOUS }] }))
    await fail(() => make(db.url, { previousSecrets: SECRET }))
    await fail(() => make(db.url, { [SECRET.slice(0, 3)]: SECRET }))
    await fail(() => make(db.url, { tls: { ca: VALUE } }))
    await fail(() => make(db.url, { tls: { cert: VALUE, key: SECRET } }))
    expectNothingSaid()
  })

  test('values that cannot be stored', async () => {
    const { state } = await open()
    const circular = { value: VALUE }
    circular.circular = circular
    const throwing = {
      toJSON() {
        throw new Error(VALUE)
      },
    }
    const deep = JSON.parse(`${'['.repeat(5_000)}"${VALUE}"${']'.repeat(5_000)}`)
    for (const value of [circular, throwing, deep, { value: VALUE, big: 1n }]) {
      await fail(() => state.keys.set({ session: { [KEY_ID]: value } }))
    }
    await fail(() => state.keys.set({ session: VALUE }))
    await fail(() => state.keys.set(VALUE))
    await fail(() => state.keys.get({ value: VALUE }, [KEY_ID]))
    await fail(() => state.keys.get('session', [{ value: VALUE }]))
    expectNothingSaid()
  })

  test('what cannot be read, in whatever way', async () => {
    for (const damage of damages[layout]) {
      await db.query(sqlOf[layout].empty)
      const handle = await open()
      await write(handle)
      await handle.close()
      await damage(db)
      const before = await db.stored('a')
      await fail(() => store.useAuthState('a'))
      expect(await db.stored('a')).toBe(before)
    }
    expectNothingSaid()
  })

  test('what goes into quarantine, stays there, and comes back', async () => {
    for (const damage of damages[layout]) {
      await db.query(sqlOf[layout].empty)
      const handle = await open()
      await write(handle)
      await handle.close()
      await damage(db)
      const fresh = make(db.url, { onUnreadable: 'fresh' })
      if (damage === anotherKey) {
        await fail(() => fresh.useAuthState('a'))
        continue
      }
      await write(await fresh.useAuthState('a'))
      const entries = await fresh.quarantine()
      expect(entries).toHaveLength(1)
      said.push(...printedForms(entries))
      const [{ id }] = entries
      await fail(() => fresh.restore(id))
      await fail(() => fresh.restore(VALUE))
      await fail(() => fresh.restore(id, { replace: VALUE }))
      await fresh.restore(id, { replace: true })
      await fail(() => store.useAuthState('a'))
      await db.query('DELETE FROM baileys_auth.quarantine')
    }
    expectNothingSaid()
  })

  test('accounts that are lost, cleared, closed or gone', async () => {
    const lost = await open()
    await make(db.url).useAuthState('a')
    await fail(() => write(lost))
    const cleared = await open()
    await store.clear('a')
    await fail(() => write(cleared))
    const closed = await open()
    await closed.close()
    await fail(() => write(closed))
    closed.saveCreds()
    const gone = await open()
    await db.query(sqlOf[layout].remove('a'))
    await fail(() => write(gone))
    if (layout === 'column') await db.addAccount('a')
    expectNothingSaid()
  })

  test('what a handle and a store print of themselves', async () => {
    const handle = await open()
    await write(handle)
    said.push(
      ...printedForms(store),
      ...printedForms(handle.state.keys),
      ...printedForms(handle.saveCreds),
    )
    expectNothingSaid()
  })
})
