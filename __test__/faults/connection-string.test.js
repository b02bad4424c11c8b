'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { inspect } = require('node:util')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { expectRefused, makeStore } = require('./stores')

const ROLE = 'a role'
const PASSWORD = `p@ss:w/rd %?#&é'"\\ $1`

let db, host, port, database

beforeAll(async () => {
  db = await createDatabase({ accounts: ['a'] })
  const url = new URL(db.url)
  host = url.hostname
  port = url.port
  database = url.pathname.slice(1)
  const quoted = await db.query('SELECT quote_ident($1) AS role, quote_literal($2) AS password', [
    `${ROLE} of ${database}`,
    PASSWORD,
  ])
  const { role, password } = quoted.rows[0]
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD ${password}`)
  await db.query(`GRANT ALL ON whatsapp_accounts TO ${role}`)
  // What each write is done with, seen from the server.
  await db.query(`
    CREATE TABLE seen (application_name text, marker text, prepared int, synchronous_commit text);
    CREATE FUNCTION see() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM seen;
        INSERT INTO seen VALUES (
          current_setting('application_name'),
          current_setting('my.marker', true),
          (SELECT count(*) FROM pg_prepared_statements),
          current_setting('synchronous_commit'));
        RETURN NEW;
      END $$;
    CREATE TRIGGER seeing BEFORE UPDATE ON whatsapp_accounts FOR EACH ROW EXECUTE FUNCTION see()`)
})

afterAll(async () => {
  const { rows } = await db.query('SELECT quote_ident($1) AS role', [`${ROLE} of ${database}`])
  await db.query(`DROP OWNED BY ${rows[0].role}`)
  await db.query(`DROP ROLE ${rows[0].role}`)
  await db.drop()
})

const encoded = () => [`${ROLE} of ${database}`, PASSWORD].map(encodeURIComponent).join(':')

/** Opens, writes and reads over this connection string; gives what the server saw. */
async function use(databaseUrl, options) {
  const store = makeStore(databaseUrl, options)
  const { state, saveCreds } = await store.useAuthState('a')
  await Promise.all([saveCreds(), state.keys.set({ session: { a: { n: 1 } } })])
  expect(await state.keys.get('session', ['a'])).toEqual({ a: { n: 1 } })
  const { rows } = await db.query('SELECT * FROM seen')
  return { ...rows[0], stats: store.stats() }
}

function makeLogger() {
  const logger = { lines: [] }
  for (const level of ['debug', 'info', 'warn', 'error']) {
    logger[level] = (...line) => logger.lines.push([level, ...line])
  }
  return logger
}

describe.each(['postgres', 'postgresql'])('the URL form, %s://', (scheme) => {
  test('with a percent-encoded role and password', async () => {
    await use(`${scheme}://${encoded()}@${host}:${port}/${database}`)
  })

  test('with role, password, host and port as parameters', async () => {
    const parameters = new URLSearchParams({
      user: `${ROLE} of ${database}`,
      password: PASSWORD,
      host,
      port,
    })
    // URLSearchParams writes a space as `+`, which is none in a connection string.
    await use(`${scheme}:///${database}?${String(parameters).replaceAll('+', '%20')}`)
  })
})

describe('the keyword form', () => {
  const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

  test('with quoted values', async () => {
    const role = quote(`${ROLE} of ${database}`)
    await use(
      `host=${host} port=${port} user=${role} password=${quote(PASSWORD)} dbname=${database}`,
    )
  })

  test('with spaces around the equals signs, several lines, and parameters', async () => {
    const role = quote(`${ROLE} of ${database}`)
    const seen = await use(`host = ${host}\n port = ${port}\n user = ${role}
      password = ${quote(PASSWORD)} dbname = ${database}
      connect_timeout = 5 sslmode = prefer application_name = 'a name'`)
    expect(seen.application_name).toBe('a name')
  })
})

describe("Prisma's parameters", () => {
  test('are all taken, without a warning', async () => {
    const logger = makeLogger()
    const seen = await use(
      `${db.url}?schema=public&connection_limit=3&pool_timeout=5&connect_timeout=5&socket_timeout=5` +
        '&pgbouncer=true&sslmode=prefer&sslaccept=accept_invalid_certs&statement_cache_size=0' +
        '&application_name=my%20app&options=-c%20my.marker%3D7',
      { logger },
    )
    expect(seen).toMatchObject({ application_name: 'my app', marker: '7' })
    expect(seen.stats.pool.max).toBe(3)
    expect(logger.lines.filter(([level]) => level === 'warn' || level === 'error')).toEqual([])
  })

  test('zero for a time limit is no limit, as Prisma has it, rather than no time at all', async () => {
    await use(`${db.url}?pool_timeout=0&connect_timeout=0&socket_timeout=0`)
  })

  test('pgbouncer=true: nothing of a connection is relied on, so it leaves no prepared statement', async () => {
    expect((await use(`${db.url}?pgbouncer=true`)).prepared).toBe(0)
  })

  test('socket_timeout is in seconds, and limits one attempt', async () => {
    const store = makeStore(`${db.url}?socket_timeout=1`, { writeTimeoutMs: 60_000 })
    const { state } = await store.useAuthState('a')
    const blocker = new Client({ connectionString: db.url })
    await blocker.connect()
    try {
      await blocker.query(`BEGIN; SELECT FROM whatsapp_accounts FOR UPDATE`)
      const from = performance.now()
      const write = state.keys.set({ session: { a: { n: 2 } } })
      while (store.stats().retries === 0) await delay(5)
      const elapsed = performance.now() - from
      expect(elapsed).toBeGreaterThan(950)
      expect(elapsed).toBeLessThan(10_000)
      await blocker.query('COMMIT')
      await write
    } finally {
      await blocker.end()
    }
  })

  test.each([
    ['connection_limit', '0'],
    ['connection_limit', 'many'],
    ['pool_timeout', '-1'],
    ['connect_timeout', '1.5s'],
    ['sslmode', 'perhaps'],
    ['sslaccept', 'perhaps'],
    ['sslcert', 'no-such-file.pem'],
    ['target_session_attrs', 'standby'],
  ])('%s=%s is refused by its name', (name, value) => {
    let error
    try {
      makeStore(`${db.url}?${name}=${value}`)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ name: 'SessionStoreError', code: 'ERR_CONFIG' })
    expect(error.message).toMatch(name === 'connection_limit' ? /connection_limit|pool/ : name)
  })
})

describe('the schema parameter', () => {
  beforeAll(async () => {
    for (const schema of ['other', 'Or an"odd one']) {
      const quoted = `"${schema.replaceAll('"', '""')}"`
      await db.query(`CREATE SCHEMA ${quoted}`)
      await db.query(
        `CREATE TABLE ${quoted}.whatsapp_accounts (LIKE whatsapp_accounts INCLUDING DEFAULTS)`,
      )
      await db.query(
        `INSERT INTO ${quoted}.whatsapp_accounts (id, user_id, name, updated_at) VALUES ('a', '', '', now())`,
      )
    }
  })

  const session = async (schema) => {
    const { rows } = await db.query(`SELECT session_data FROM ${schema}.whatsapp_accounts`)
    return rows[0].session_data
  }

  test.each([
    ['other', 'other'],
    ['Or an"odd one', '"Or an""odd one"'],
  ])('%s says where the table is', async (schema, quoted) => {
    const before = await session('public')
    await use(`${db.url}?schema=${encodeURIComponent(schema)}`)
    expect(JSON.parse(await session(quoted))).toHaveProperty('iv')
    expect(await session('public')).toBe(before)
  })

  test('gives way to the option', async () => {
    const before = await session('other')
    await use(`${db.url}?schema=other`, { accountsTable: { schema: 'public' } })
    expect(await session('other')).toBe(before)
  })

  test('that does not exist is ERR_SCHEMA', async () => {
    await expectRefused(makeStore(`${db.url}?schema=nowhere`).useAuthState('a'), 'ERR_SCHEMA')
  })
})

describe('a parameter that means nothing here', () => {
  test('is ignored, and named in a warning, without its value', async () => {
    const logger = makeLogger()
    await use(`${db.url}?frobnicate=hunter2&pgbouncer=true&sslmod=require`, { logger })
    const warnings = logger.lines.filter(([level]) => level === 'warn')
    expect(warnings).toHaveLength(1)
    const text = JSON.stringify(warnings)
    expect(text).toContain('frobnicate')
    expect(text).toContain('sslmod')
    expect(text).not.toMatch(/hunter2|pgbouncer/)
  })

  test('is no trouble without a logger', async () => {
    await use(`${db.url}?frobnicate=1`)
  })
})

test.each([
  ['another scheme', `mysql://user:${'hunter2'}@localhost/db`],
  ['no scheme and no keywords', 'hunter2'],
  ['a quote that does not end', "host=localhost password='hunter2"],
  ['a port that is none', 'postgresql://user:hunter2@localhost:port/db'],
  ['an unescaped @ in the password', 'postgresql://user:hunter2@hunter2@localhost:1:2/db'],
  ['no user', 'postgresql://localhost/db?password=hunter2'],
  ['percent-encoding that is no UTF-8', 'postgresql://user:hunter2@localhost/db?options=%ff'],
])('%s is ERR_CONFIG, names the setting and does not quote the string', (_, databaseUrl) => {
  let error
  try {
    makeStore(databaseUrl)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toMatchObject({ name: 'SessionStoreError', code: 'ERR_CONFIG' })
  expect(error.message).toContain('databaseUrl')
  expect(inspect(error, { depth: null })).not.toContain('hunter2')
})
