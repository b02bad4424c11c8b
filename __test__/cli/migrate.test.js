'use strict'

const { LAYOUTS } = require('../faults/layouts')
const { SECRET, environment } = require('../faults/stores')
const { OTHER, World, expectFilled, fill } = require('../migration/world')
const { command, start } = require('./command')

let world, db

const migrate = (...args) => command(['migrate', ...args], environment(db.url))

describe.each(LAYOUTS)('from layout %s', (from) => {
  const to = OTHER[from]

  beforeEach(async () => {
    world = await World.of(from)
    db = world.db
    await world.add(['one', 'two'])
  })

  afterEach(() => db.drop())

  const direction = to === 'rows' ? [] : ['--to', 'column']

  test('moves all sessions, and says so to programs', async () => {
    const { status, stdout, stderr } = await migrate(...direction, '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      to,
      dryRun: false,
      makesTables: to === 'rows',
      total: 2,
      moved: 2,
      left: 0,
      unmoved: [],
    })
    await expectFilled(world.make({ layout: to }), ['one', 'two'])
  })

  test('and to people, as text that a pipe can take', async () => {
    const made = to === 'rows' ? ['the tables of layout rows were made\n', ''] : ['', '']
    for (const [moved, tables] of [2, 0].map((count, at) => [count, made[at]])) {
      expect(await migrate(...direction)).toMatchObject({
        status: 0,
        stdout: `${tables}${moved} sessions moved to ${to}\n`,
        stderr: '',
      })
    }
  })

  test('a dry run changes nothing, and says what would be done', async () => {
    const before = await world.everything()
    const { status, stdout } = await migrate(...direction, '--dry-run')
    expect(status).toBe(0)
    expect(stdout).toBe(
      `${to === 'rows' ? 'the tables of layout rows would be made\n' : ''}2 sessions would be moved to ${to}; nothing was changed\n`,
    )
    expect(await world.everything()).toBe(before)
  })

  test('names the sessions that it leaves, with status 1', async () => {
    await world.make().clear('two')
    await fill(await world.make({ secret: 'a-secret-of-somebody-else' }).useAuthState('two'), 'two')
    const { status, stdout } = await migrate(...direction)
    expect(status).toBe(1)
    expect(stdout).toContain(`1 sessions moved to ${to}\nleft  why\n`)
    expect(stdout).toMatch(/^two .*\(ERR_(WRONG_SECRET|UNREADABLE)\)$/m)
  })

  test('Ctrl-C ends it after the session under way, and says how to go on', async () => {
    await world.add(Array.from({ length: 300 }, (_, n) => `account-${n}`))
    const { child, ended } = start(['migrate', ...direction], environment(db.url))
    const someMoved =
      from === 'rows'
        ? 'SELECT FROM whatsapp_accounts WHERE session_data IS NOT NULL LIMIT 1'
        : `SELECT FROM pg_stat_user_tables WHERE relname = 'session' LIMIT 1`
    while ((await db.query(someMoved)).rowCount === 0 && child.exitCode === null);
    child.kill('SIGINT')
    const { status, stdout, stderr } = await ended
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
    expect(stderr).toBe(
      'baileys-postgres-auth: interrupted; what was done until then stays done, and the same command goes on with the rest\n',
    )
    const { moved, left } = JSON.parse((await migrate(...direction, '--json')).stdout)
    expect(moved).toBeGreaterThan(0)
    expect(left).toBe(0)
    await expectFilled(world.make(), ['one', 'two', 'account-0', 'account-299'])
  }, 120_000)
})

describe('--sql', () => {
  let role, url

  beforeEach(async () => {
    world = await World.of('column')
    db = world.db
    role = new URL(db.url).pathname.slice(1)
    await db.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'a-password';
      GRANT SELECT, UPDATE ON whatsapp_accounts TO "${role}"`)
    url = Object.assign(new URL(db.url), { username: role, password: 'a-password' }).href
  })

  afterEach(async () => {
    await db.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
    await db.drop()
  })

  const sql = (args, env) => command(['migrate', '--sql', ...args], env)
  const asRole = () => environment(url)

  test('makes what a role needs that may not make it, and moves nothing', async () => {
    await world.add(['one', 'two'])
    const refused = await command(['migrate'], asRole())
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(/may not create the tables.*migrate --sql/)
    // Neither a connection nor a secret.
    const { status, stdout, stderr } = await sql(['--role', role])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await db.query(stdout)
    for (const account of ['one', 'two']) expect(await world.places(account)).toEqual(['column'])
    const store = world.make({ databaseUrl: url })
    await store.useAuthState('one')
    expect(store.stats().layout).toBe('column')

    const there = await command(['migrate', '--json'], asRole())
    expect(JSON.parse(there.stdout)).toMatchObject({ makesTables: false, moved: 2, left: 0 })
    const rows = world.make({ databaseUrl: url })
    await expectFilled(rows, ['one', 'two'])
    expect(rows.stats().layout).toBe('rows')
    // The quarantine, too.
    await db.query(`UPDATE baileys_auth.record SET value = 'x' WHERE kind = 'creds'`)
    const fresh = world.make({ databaseUrl: url, onUnreadable: 'fresh' })
    await (await fresh.useAuthState('two')).saveCreds()
    await fresh.clear('one')
    expect(await fresh.quarantine()).toHaveLength(1)
    const back = await command(['migrate', '--to', 'column', '--json'], asRole())
    expect(JSON.parse(back.stdout)).toMatchObject({ moved: 1, left: 0 })
  })

  test('without accounts in the other layout the tables are at once those of the database', async () => {
    await db.query('DROP TABLE whatsapp_accounts')
    await db.query((await sql(['--role', role])).stdout)
    const store = world.make({ databaseUrl: url, autoMigrate: false })
    await fill(await store.useAuthState('anybody'), 'anybody')
    expect(store.stats().layout).toBe('rows')
  })

  test.each(['sessions', 'Or an"odd; one', '{schema}', 'é'])(
    'has the schema %s, quoted, and may have partitions',
    async (schema) => {
      const { stdout } = await sql(['--role', role, '--schema', schema, '--partitions', '3'])
      await db.query(stdout)
      const { rows } = await db.query(
        `SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
         WHERE nspname = $1 AND relkind IN ('r', 'p') ORDER BY 1`,
        [schema],
      )
      expect(rows.map(({ relname }) => relname)).toEqual([
        ...['quarantine', 'quarantined_record', 'record', 'record_0', 'record_1', 'record_2'],
        ...['session', 'store'],
      ])
      const moved = await command(['migrate', '--schema', schema, '--json'], asRole())
      expect(moved.status).toBe(0)
      const store = world.make({ databaseUrl: url, schema })
      await fill(await store.useAuthState('anybody'), 'anybody')
    },
  )

  test('takes the role from the connection string, and its accounts table', async () => {
    await db.query('CREATE SCHEMA app; ALTER TABLE whatsapp_accounts SET SCHEMA app')
    const { stdout } = await sql([], { DATABASE_URL: `${url}?schema=app` })
    expect(stdout).toContain(`TO "${role}";`)
    await db.query(stdout)
    const { rows } = await db.query('SELECT layout FROM baileys_auth.store')
    expect(rows).toEqual([{ layout: 'column' }])
    expect(stdout).not.toContain('a-password')
  })

  test('takes tables of an older format on', async () => {
    await world.make({ layout: 'rows' }).clear('nobody')
    await db.query(
      `ALTER TABLE baileys_auth.store DROP layout; UPDATE baileys_auth.store SET format_version = 3`,
    )
    await db.query(
      `GRANT USAGE ON SCHEMA baileys_auth TO "${role}"; GRANT SELECT ON baileys_auth.store TO "${role}"`,
    )
    const refused = await command(['migrate'], asRole())
    expect(refused.stderr).toContain('migrate --sql --from 3')
    await db.query((await sql(['--role', role, '--from', '3'])).stdout)
    const store = world.make({ databaseUrl: url, autoMigrate: false })
    await fill(await store.useAuthState('anybody'), 'anybody')
  })

  test('for programs it is JSON', async () => {
    const { stdout } = await sql(['--role', role, '--json'])
    expect(JSON.parse(stdout).sql).toContain('CREATE TABLE "baileys_auth".record')
  })

  test.each([
    ['no role', ['--sql'], /--role, or a user in DATABASE_URL/],
    ['another layout', ['--sql', '--role', 'a', '--to', 'column'], /layout rows alone/],
    ['a dry run', ['--sql', '--role', 'a', '--dry-run'], /layout rows alone/],
    ['one partition', ['--sql', '--role', 'a', '--partitions', '1'], /from 2 to 1024/],
    ['no number', ['--sql', '--role', 'a', '--partitions', 'many'], /from 2 to 1024/],
    ['a format that is not there', ['--sql', '--role', 'a', '--from', '9'], /nothing to change/],
    [
      'partitions that come too late',
      ['--sql', '--role', 'a', '--from', '3', '--partitions', '4'],
      /with them alone/,
    ],
    ['a role without it', ['--role', 'a'], /with --sql alone/],
    ['no such layout', ['--to', 'rose'], /Allowed choices are rows, column/],
  ])('%s is wrong usage', async (_, args, message) => {
    const { status, stdout, stderr } = await command(['migrate', ...args], {
      DATABASE_URL: 'postgres://127.0.0.1/none',
      WHATSAPP_SESSION_SECRET: SECRET,
    })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

describe('--partitions', () => {
  beforeEach(async () => {
    world = await World.of('column')
    db = world.db
    await world.add(['one', 'two'])
  })

  afterEach(() => db.drop())

  test('of tables that are yet to be made are made with them; the same command may be repeated', async () => {
    for (const moved of [2, 0]) {
      const { status, stdout } = await migrate('--partitions', '4', '--json')
      expect(status).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ moved, left: 0 })
    }
    const { rows } = await db.query(
      `SELECT reloptions FROM pg_inherits JOIN pg_class ON oid = inhrelid
       WHERE inhparent = 'baileys_auth.record'::regclass`,
    )
    expect(rows).toHaveLength(4)
    for (const { reloptions } of rows) expect(reloptions).toContain('fillfactor=90')
    await expectFilled(world.make(), ['one', 'two'])
  })

  test.each([
    ['without', []],
    ['with others', ['--partitions', '8']],
  ])('come too late where the tables are there %s', async (_, partitions) => {
    await migrate(...partitions)
    const before = await world.everything()
    for (const dry of [[], ['--dry-run']]) {
      const { status, stderr } = await migrate('--partitions', '4', ...dry)
      expect(status).toBe(2)
      expect(stderr).toMatch(/are there already.*drop these tables.*\(ERR_CONFIG\)/)
    }
    expect(await world.everything()).toBe(before)
  })
})
