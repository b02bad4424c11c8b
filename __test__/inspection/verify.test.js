'use strict'

const { createDatabase } = require('../support/database')
const { addAccount, expectRefused, makeStore, quickBaileys, SECRET } = require('../faults/stores')
const { ANOTHER, damages, flip, makeFresh, openNew, spoil } = require('../faults/quarantine-world')
const { LAYOUTS } = require('../faults/layouts')
const { World } = require('../migration/world')

// Everything is read and authenticated, by nobody who owns it.

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db
  let store

  beforeEach(async () => {
    db = await createDatabase({ layout })
    store = makeStore(db.url)
  })

  afterEach(() => db.drop())

  test('all can be read, and its owner keeps it', async () => {
    const [one, two] = [await openNew(db, store), await openNew(db, store)]
    const seen = []
    const report = await makeStore(db.url).verify({ onProgress: (progress) => seen.push(progress) })
    expect(report).toMatchObject({
      sessions: 2,
      records: 8,
      kinds: { creds: 2, session: 4, 'identity-key': 2 },
      unreadable: [],
      quarantine: [],
    })
    expect(report.bytes).toBeGreaterThan(1_000)
    expect(seen[0]).toMatchObject({ total: 2, sessions: 0, records: 0 })
    expect(seen.at(-1)).toEqual({
      total: 2,
      sessions: 2,
      records: 8,
      bytes: report.bytes,
      unreadable: 0,
    })
    for (const { state } of [one, two]) await state.keys.set({ session: { a: { n: 2 } } })
  })

  test.each(Object.keys(damages[layout]))('%s is found, and nothing else', async (damage) => {
    const bad = await openNew(db, store)
    await store.close()
    const code = await damages[layout][damage](db, bad.id)
    const secret = damage === 'a wrong secret' ? ANOTHER : SECRET
    const other = makeStore(db.url, { secret })
    await openNew(db, other)
    const { sessions, unreadable } = await other.verify()
    expect(sessions).toBe(2)
    expect(unreadable).toEqual([
      expect.objectContaining({ accountId: bad.id, layout, code, message: expect.any(String) }),
    ])
  })

  test('that of one account alone', async () => {
    const [good, bad] = [await openNew(db, store), await openNew(db, store)]
    const { secret = SECRET } = await spoil(db, bad.id)
    const other = makeStore(db.url, { secret })
    expect(await other.verify({ accountId: bad.id })).toMatchObject({
      sessions: 1,
      unreadable: [{ accountId: bad.id, code: 'ERR_UNREADABLE' }],
    })
    expect(await store.verify({ accountId: good.id })).toMatchObject({
      sessions: 1,
      records: 4,
      unreadable: [],
    })
    const { message } = await expectRefused(
      store.verify({ accountId: await addAccount(db) }),
      'ERR_ACCOUNT_NOT_FOUND',
    )
    expect(message).toContain('no session')
  })

  test('what is in quarantine is listed', async () => {
    const { id } = await openNew(db, store)
    const options = await spoil(db, id)
    const fresh = makeFresh(db.url, options)
    await fresh.useAuthState(id)
    const { unreadable, quarantine } = await fresh.verify()
    expect(unreadable).toEqual([])
    expect(quarantine).toEqual(await fresh.quarantine())
    expect(quarantine).toHaveLength(1)
  })

  test('it can be stopped', async () => {
    await openNew(db, store)
    const stop = new AbortController()
    const onProgress = () => stop.abort(new Error('enough'))
    await expect(store.verify({ signal: stop.signal, onProgress })).rejects.toThrow('enough')
  })

  test('an option that is none is refused', async () => {
    for (const options of [{ account: 'a' }, { accountId: '' }, { onProgress: 5 }]) {
      await expectRefused(store.verify(options), 'ERR_ARGUMENT')
    }
  })
})

describe('layout rows', () => {
  let db
  let store

  beforeEach(async () => {
    db = await createDatabase({ layout: 'rows' })
    store = makeStore(db.url, { baileys: quickBaileys })
  })

  afterEach(() => db.drop())

  test('more records than are read at a time, and each that was changed is named', async () => {
    const account = await addAccount(db)
    const { state, saveCreds } = await store.useAuthState(account)
    await saveCreds()
    const preKeys = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [n, { n }]))
    await state.keys.set({ 'pre-key': preKeys })
    const { rows } = await db.query(
      `UPDATE baileys_auth.record SET value = set_byte(value, 20, get_byte(value, 20) # 1)
       WHERE (session_id, record_hash) IN (
         SELECT session_id, record_hash FROM baileys_auth.record WHERE kind = 'pre-key' ORDER BY record_hash LIMIT 3 OFFSET 500)
       RETURNING encode(record_hash, 'hex') AS hash`,
    )
    const { records, unreadable } = await makeStore(db.url).verify()
    expect(records).toBe(698)
    expect(unreadable.map((it) => it.record.hash).sort()).toEqual(rows.map((it) => it.hash).sort())
    for (const it of unreadable) {
      expect(it).toMatchObject({ code: 'ERR_UNREADABLE', record: { type: 'pre-key' } })
    }
  })

  test('a record that was put in the place of another is found', async () => {
    const { id } = await openNew(db, store)
    await db.query(
      `UPDATE baileys_auth.record AS r SET value = other.value FROM baileys_auth.record AS other
       WHERE r.session_id = other.session_id AND r.kind = 'session' AND other.kind = 'session'
       AND r.record_hash < other.record_hash`,
    )
    expect((await store.verify()).unreadable).toEqual([
      expect.objectContaining({ accountId: id, code: 'ERR_UNREADABLE' }),
    ])
  })

  test('a secret that is not known is told as that', async () => {
    const { id } = await openNew(db, store)
    const { unreadable } = await makeStore(db.url, { secret: ANOTHER }).verify()
    expect(unreadable).toEqual([
      expect.objectContaining({ accountId: id, record: null, code: 'ERR_WRONG_SECRET' }),
    ])
  })

  test('data keys that change meanwhile are no findings', async () => {
    const NEW = 'another-secret-of-good-length'
    for (let n = 0; n < 3; n += 1) {
      const { state } = await openNew(db, store)
      const preKeys = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [at, { at }]))
      await state.keys.set({ 'pre-key': preKeys })
    }
    await store.close()
    const previousSecrets = [SECRET]
    const [reader, rotator] = [1, 2].map(() => makeStore(db.url, { secret: NEW, previousSecrets }))
    let isRotating = true
    const rotation = rotator.rotate({ rekey: true }).finally(() => {
      isRotating = false
    })
    do {
      const { records, unreadable } = await reader.verify()
      expect(unreadable).toEqual([])
      expect(records).toBe(3 * 604)
    } while (isRotating)
    expect(await rotation).toMatchObject({ rotated: 3, left: 0 })
  })

  test('a session that each layout has one of is told', async () => {
    const world = await World.of('column')
    try {
      await world.add(['a'])
      const text = await world.db.sessionData('a')
      const mover = world.make()
      await mover.migrate()
      await world.db.query('UPDATE whatsapp_accounts SET session_data = $1', [text])
      const { sessions, unreadable } = await mover.verify()
      expect(sessions).toBe(2)
      expect(unreadable).toEqual([
        expect.objectContaining({ accountId: 'a', layout: 'column', code: 'ERR_SESSION_EXISTS' }),
      ])
    } finally {
      await world.db.drop()
    }
  })

  test('a session without records has nothing that could not be read', async () => {
    await store.useAuthState(await addAccount(db))
    expect(await store.verify()).toMatchObject({ sessions: 1, records: 0, unreadable: [] })
    await db.query('SELECT 1')
  })

  test('nothing is changed by it', async () => {
    const { id } = await openNew(db, store)
    await flip(db, id)
    const everything = async () => {
      const tables = ['store', 'session', 'record', 'quarantine', 'quarantined_record']
      const rows = await Promise.all(
        tables.map((table) => db.query(`SELECT t::text, xmin FROM baileys_auth.${table} AS t`)),
      )
      return rows.map((each) => each.rows)
    }
    const before = await everything()
    await makeFresh(db.url).verify()
    expect(await everything()).toEqual(before)
  })
})
