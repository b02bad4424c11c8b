'use strict'

const { Client } = require('pg')
const { LAYOUTS, sqlOf } = require('../faults/layouts')
const { SECRET, environment, expectRefused } = require('../faults/stores')
const { newFolder } = require('../moving/folders')
const { startChild } = require('../support/child')
const { ODD, OTHER, World, expectFilled, fill } = require('./world')

// A move of all sessions to the other layout, with nobody at work.

const FOREIGN = 'a-secret-that-no-store-is-given'

/** Changes a session where it is, so that it cannot be read. */
const damage = {
  column: `UPDATE whatsapp_accounts SET session_data = overlay(session_data placing 'ffffffff' from 100) WHERE id = $1`,
  rows: `UPDATE baileys_auth.record SET value = set_byte(value, 30, get_byte(value, 30) # 1)
         WHERE kind = 'session' AND session_id = (SELECT session_id FROM baileys_auth.session WHERE account_id = $1)`,
}

describe.each(LAYOUTS)('from layout %s', (from) => {
  const to = OTHER[from]
  let world, db

  beforeEach(async () => {
    world = await World.of(from)
    db = world.db
  })

  afterEach(() => db.drop())

  const migrate = (options, how) => world.make(how).migrate({ to, ...options })

  test('every session moves, whatever its account is called', async () => {
    await world.add(ODD)
    const report = await migrate()
    expect(report).toEqual({
      to,
      dryRun: false,
      makesTables: to === 'rows',
      total: ODD.length,
      moved: ODD.length,
      left: 0,
      unmoved: [],
    })
    for (const account of ODD) expect(await world.places(account)).toEqual([to])
    const store = world.make()
    await expectFilled(store, ODD)
    expect(store.stats().layout).toBe(to)
  })

  test('there and back, and there again, leaves every session as it was', async () => {
    const accounts = await world.add(['a', 'b', 'c'])
    for (const target of [to, from, to, from]) {
      expect(await migrate({ to: target })).toMatchObject({ moved: 3, left: 0 })
      await expectFilled(world.make(), accounts)
    }
  })

  test('the same again has nothing to do, and changes nothing', async () => {
    await world.add(['a', 'b'])
    await migrate()
    const before = await world.everything()
    expect(await migrate()).toMatchObject({ makesTables: false, total: 0, moved: 0, left: 0 })
    expect(await world.everything()).toBe(before)
  })

  test('a move to where the sessions are changes nothing either', async () => {
    await world.add(['a'])
    const before = await world.everything()
    expect(await migrate({ to: from })).toMatchObject({ to: from, total: 0, moved: 0, left: 0 })
    expect(await world.everything()).toBe(before)
  })

  test('an account that is opened first thereafter begins in the new place', async () => {
    await db.addAccount('new')
    await migrate()
    await fill(await world.make().useAuthState('new'), 'new')
    expect(await world.places('new')).toEqual([to])
  })

  test('progress is told from the beginning to the end', async () => {
    await world.add(Array.from({ length: 25 }, (_, n) => `account-${n}`))
    const told = []
    const { unmoved, ...report } = await migrate({ onProgress: (each) => told.push(each) })
    expect(unmoved).toEqual([])
    expect(told[0]).toMatchObject({ total: 25, moved: 0 })
    expect(told.at(-1)).toEqual(report)
    const moved = told.map((each) => each.moved)
    expect(moved).toEqual([...moved].sort((a, b) => a - b))
  })

  test('it is told to the logger and the audit trail', async () => {
    await world.add(['a', 'b'])
    await db.query(damage[from], ['b'])
    const [events, lines] = [[], []]
    const line = (level) => (fields, message) => lines.push({ level, fields, message })
    const logger = { debug() {}, info: line('info'), warn: line('warn'), error: line('error') }
    await migrate({}, { logger, onAudit: ({ at, ...event }) => events.push(event) })
    expect(events).toEqual([
      { event: 'session.migrated', accountId: 'a', layout: to },
      {
        event: 'session.unreadable',
        accountId: 'b',
        code: 'ERR_UNREADABLE',
        operation: 'migrate',
        quarantined: false,
      },
    ])
    expect(lines).toMatchObject([{ level: 'warn', fields: { layout: to, moved: 1, unmoved: 1 } }])
  })

  describe('a dry run', () => {
    test('changes nothing, and says what would be moved', async () => {
      await world.add(['a', 'b', 'c'])
      await db.query(damage[from], ['b'])
      const before = await world.everything()
      const report = await migrate({ dryRun: true })
      expect(report).toMatchObject({ dryRun: true, makesTables: to === 'rows', total: 3, moved: 2 })
      expect(report.unmoved).toMatchObject([{ accountId: 'b', code: 'ERR_UNREADABLE' }])
      expect(await world.everything()).toBe(before)
      const { rows } = await db.query(`SELECT to_regnamespace('baileys_auth') IS NULL AS missing`)
      expect(rows).toEqual([{ missing: from === 'column' }])
    })

    test('needs nobody’s account', async () => {
      const [account] = await world.add(['a'])
      const owner = await world.make().useAuthState(account)
      await migrate({ dryRun: true })
      await owner.saveCreds()
    })

    test('of a move that is done says so', async () => {
      await world.add(['a'])
      await migrate()
      expect(await migrate({ dryRun: true })).toMatchObject({ makesTables: false, total: 0 })
    })
  })

  describe('a session that cannot be moved is named, and stays as it is:', () => {
    /** Moves, and asserts that `b` is left alone, as it was; gives why. */
    async function expectLeft(code) {
      const before = await db.stored('b')
      for (let times = 0; times < 2; times++) {
        const report = await migrate()
        expect(report).toMatchObject({ moved: times === 0 ? 2 : 0, left: 1 })
        expect(report.unmoved).toEqual([{ accountId: 'b', code, message: expect.any(String) }])
      }
      expect(await db.stored('b')).toBe(before)
      expect(await world.places('b')).toEqual([from])
      await expectFilled(world.make(), ['a', 'c'])
    }

    beforeEach(() => world.add(['a', 'b', 'c']))

    test('it is damaged', async () => {
      await db.query(damage[from], ['b'])
      await expectLeft('ERR_UNREADABLE')
      // And nobody takes it for missing.
      await expectRefused(world.make().useAuthState('b'), 'ERR_UNREADABLE')
      expect(await world.places('b')).toEqual([from])
    })

    test('also where unreadable sessions are moved aside when they are opened', async () => {
      await db.query(damage[from], ['b'])
      const report = await migrate({}, { onUnreadable: 'fresh' })
      expect(report).toMatchObject({ moved: 2, left: 1 })
      expect(await world.places('b')).toEqual([from])
    })

    test('it is under a secret that the store was not given', async () => {
      await world.make().clear('b')
      await fill(await world.make({ secret: FOREIGN }).useAuthState('b'), 'b')
      await expectLeft(from === 'rows' ? 'ERR_WRONG_SECRET' : 'ERR_UNREADABLE')
      expect(JSON.stringify(await migrate())).not.toContain(FOREIGN)
      expect(await migrate({}, { previousSecrets: [FOREIGN] })).toMatchObject({ moved: 1, left: 0 })
      expect(await world.places('b')).toEqual([to])
    })

    test('the account has one in either place', async () => {
      const text = await db.sessionData('b')
      await migrate()
      const both = await world.stored('b', to)
      if (from === 'column') {
        // As a service that knows nothing of rows would.
        await db.query(`UPDATE whatsapp_accounts SET session_data = $1 WHERE id = 'b'`, [text])
      } else {
        await db.query(`UPDATE baileys_auth.store SET layout = 'rows'`)
        await db.query(
          `INSERT INTO baileys_auth.session (session_id, account_id, epoch, opener, wrapped_key, key_id, owner)
           SELECT gen_random_uuid(), 'b', 1, gen_random_uuid(), decode(repeat('00', 61), 'hex'),
             decode(repeat('00', 16), 'hex'), 'nobody'`,
        )
      }
      const before = await world.everything()
      const report = await migrate()
      expect(report.unmoved).toMatchObject([{ accountId: 'b', code: 'ERR_SESSION_EXISTS' }])
      expect(report.unmoved[0].message).toContain('both were left as they are')
      if (from === 'column') expect(await world.everything()).toBe(before)
      expect(await world.places('b')).toEqual(['column', 'rows'])
      expect(await world.stored('b', to)).toEqual(both)
    })

    test('PostgreSQL refuses its data; the others move', async () => {
      const table = { rows: 'baileys_auth.record', column: 'whatsapp_accounts' }
      if (to === 'rows')
        await world
          .make()
          .migrate({ to: 'rows' })
          .then(() => migrate({ to: from }))
      await db.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'P0042'; END $$;
        CREATE TRIGGER refusing BEFORE INSERT OR UPDATE ON ${table[to]} FOR EACH ROW
          WHEN (${to === 'column' ? `NEW.id = 'b'` : `NEW.kind = 'refused'`}) EXECUTE FUNCTION refuse()`)
      await db.query('ALTER TABLE whatsapp_accounts DISABLE TRIGGER USER')
      const { state } = await world.make().useAuthState('b')
      await db.query('ALTER TABLE baileys_auth.record DISABLE TRIGGER USER')
      await state.keys.set({ refused: { 1: 'x' } })
      await db.query('ALTER TABLE baileys_auth.record ENABLE TRIGGER USER')
      await db.query('ALTER TABLE whatsapp_accounts ENABLE TRIGGER USER')
      await expectLeft('ERR_DB_QUERY')
    })
  })

  test('a row that somebody holds keeps no other from its move', async () => {
    await world.add(['a', 'b', 'c'])
    const holder = new Client({ connectionString: db.url })
    await holder.connect()
    try {
      await holder.query('BEGIN')
      await holder.query(sqlOf[from].lock('b'))
      const report = await migrate({}, { writeTimeoutMs: 500 })
      expect(report).toMatchObject({ moved: 2, left: 1 })
      expect(report.unmoved).toMatchObject([{ accountId: 'b', code: 'ERR_DB_TIMEOUT' }])
      await holder.query('ROLLBACK')
    } finally {
      await holder.end()
    }
    expect(await migrate()).toMatchObject({ left: 0 })
    expect(await world.places('b')).toEqual([to])
    await expectFilled(world.make(), ['a', 'b', 'c'])
  })

  test('a signal stops it after a session, and the next call goes on', async () => {
    const accounts = await world.add(Array.from({ length: 30 }, (_, n) => `account-${n}`))
    const controller = new AbortController()
    const reason = new Error('no more of it')
    const stopped = migrate({
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(stopped).rejects.toBe(reason)
    await expect(migrate({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    // Whoever opens one that has not moved yet finds it, and moves it.
    await expectFilled(world.make(), accounts.slice(0, 3))
    expect(await migrate()).toMatchObject({ moved: 27, left: 0 })
    await expectFilled(world.make(), accounts)
  })

  test('one that is killed in the middle leaves each session in one place, and the next goes on', async () => {
    const accounts = await world.add(Array.from({ length: 60 }, (_, n) => `account-${n}`))
    const env = { ...environment(db.url), MIGRATION: JSON.stringify({ to }) }
    const child = startChild(require.resolve('../../soak/migration-process'), env)
    await new Promise((resolve) => child.onMessage(({ moved }) => moved > 0 && resolve()))
    await child.kill()
    for (const account of accounts) expect(await world.places(account)).toHaveLength(1)
    expect(await migrate()).toMatchObject({ left: 0 })
    for (const account of accounts) expect(await world.places(account)).toEqual([to])
    await expectFilled(world.make(), accounts)
  })

  test('several at once do no harm', async () => {
    const accounts = await world.add(Array.from({ length: 40 }, (_, n) => `account-${n}`))
    const reports = await Promise.all([migrate(), migrate(), migrate()])
    for (const report of reports) expect(report.left).toBe(0)
    for (const account of accounts) expect(await world.places(account)).toEqual([to])
    await expectFilled(world.make(), accounts)
  })

  test('a store with one connection will do', async () => {
    await world.add(['a', 'b'])
    expect(await migrate({}, { pool: { size: 1 } })).toMatchObject({ moved: 2, left: 0 })
  })

  test('a store that was told the other layout refuses it', async () => {
    await world.add(['a'])
    const before = await world.everything()
    const error = await expectRefused(migrate({}, { layout: from }), 'ERR_CONFIG')
    expect(error.message).toContain('BAILEYS_AUTH_LAYOUT')
    expect(await world.everything()).toBe(before)
  })

  test('options that are none are refused before anything is done', async () => {
    await world.add(['a'])
    const before = await world.everything()
    const store = world.make()
    for (const options of [
      null,
      { to: 'rose' },
      { dryRun: 1 },
      { partitions: 1 },
      { partitions: 1025 },
      { partitions: 2.5 },
      { signal: {} },
      { onProgress: 1 },
      { dryrun: true },
    ]) {
      const error = await expectRefused(store.migrate(options), 'ERR_ARGUMENT')
      expect(error.operation).toBe('migrate')
    }
    expect(await world.everything()).toBe(before)
  })

  test('a store that was closed refuses it', async () => {
    const store = world.make()
    await store.close()
    await expectRefused(store.migrate({ to }), 'ERR_CLOSED')
  })
})

describe('to column', () => {
  let world, db

  beforeEach(async () => {
    world = await World.of('rows')
    db = world.db
  })

  afterEach(() => db.drop())

  test('an account without a row is named, stays where it is, and moves when it has one', async () => {
    await world.add(['a'])
    const store = world.make()
    await fill(await store.useAuthState('homeless'), 'homeless')
    await store.close()
    const report = await world.make().migrate({ to: 'column' })
    expect(report).toMatchObject({ moved: 1, left: 1 })
    expect(report.unmoved).toMatchObject([{ accountId: 'homeless', code: 'ERR_ACCOUNT_NOT_FOUND' }])
    expect(await world.places('homeless')).toEqual(['rows'])
    await expectRefused(world.make().useAuthState('homeless'), 'ERR_ACCOUNT_NOT_FOUND')
    await db.addAccount('homeless')
    // The open brings it along, and nobody takes it for new.
    await expectFilled(world.make(), ['homeless'])
    expect(await world.places('homeless')).toEqual(['column'])
    expect(await world.make().migrate({ to: 'column' })).toMatchObject({ total: 0, left: 0 })
  })

  test('what is left in rows is exported, rotated and cleared as ever', async () => {
    const store = world.make()
    for (const account of ['one', 'two']) await fill(await store.useAuthState(account), account)
    await world.make().migrate({ to: 'column' })
    const rotated = await world.make({ secret: FOREIGN, previousSecrets: [SECRET] }).rotate()
    expect(rotated).toMatchObject({ rotated: 2, left: 0 })
    const folder = newFolder()
    expect(await world.make({ secret: FOREIGN }).exportMultiFile('one', folder)).toMatchObject({
      types: { session: 1, 'sender-key': 1, 'sender-key-memory': 1 },
    })
    await db.addAccount('two')
    await world.make({ secret: FOREIGN }).clear('two')
    expect(await world.places('two')).toEqual([])
  })

  test('a record that shares its name with another one is no session of that layout', async () => {
    const [account] = await world.add(['a'])
    const { state, close } = await world.make().useAuthState(account)
    await state.keys.set({
      'sender-key': { 'memory-x': { n: 1 } },
      'sender-key-memory': { x: { n: 2 } },
    })
    await close()
    const before = await db.stored(account)
    const { unmoved } = await world.make().migrate({ to: 'column' })
    expect(unmoved).toMatchObject([{ accountId: account, code: 'ERR_ARGUMENT' }])
    expect(unmoved[0].message).toContain('one name')
    expect(await db.stored(account)).toBe(before)
    const again = await world
      .make()
      .useAuthState(account)
      .catch((error) => error)
    expect(again.code).toBe('ERR_ARGUMENT')
    await world.make().migrate({ to: 'rows' })
    const { state: back } = await world.make().useAuthState(account)
    await back.keys.set({ 'sender-key': { 'memory-x': null } })
    expect(await world.make().migrate({ to: 'column' })).toMatchObject({ moved: 1, left: 0 })
  })

  test('a session whose credentials are lost is not taken for one that never had any', async () => {
    const [account] = await world.add(['a'])
    await (await world.make().useAuthState(account)).close()
    await db.query(`DELETE FROM baileys_auth.record WHERE kind = 'creds'`)
    const { unmoved } = await world.make().migrate({ to: 'column' })
    expect(unmoved).toMatchObject([{ accountId: account, code: 'ERR_UNREADABLE' }])
    await expectRefused(world.make().useAuthState(account), 'ERR_UNREADABLE')
  })

  test('without an accounts table it is refused before anything is done', async () => {
    await world.add(['a'])
    await db.query('DROP TABLE whatsapp_accounts')
    const error = await expectRefused(world.make().migrate({ to: 'column' }), 'ERR_SCHEMA')
    expect(error.message).toContain('accountsTable')
    const { rows } = await db.query('SELECT layout FROM baileys_auth.store')
    expect(rows).toEqual([{ layout: 'rows' }])
  })

  test('partitions are no business of it', async () => {
    await expectRefused(world.make().migrate({ to: 'column', partitions: 4 }), 'ERR_ARGUMENT')
  })
})

test('to rows without an accounts table makes the tables, and has nothing to move', async () => {
  const world = await World.of('column')
  try {
    await world.db.query('DROP TABLE whatsapp_accounts')
    const report = await world.make().migrate()
    expect(report).toMatchObject({ to: 'rows', makesTables: true, total: 0, moved: 0, left: 0 })
    await fill(await world.make().useAuthState('anybody'), 'anybody')
  } finally {
    await world.db.drop()
  }
})
