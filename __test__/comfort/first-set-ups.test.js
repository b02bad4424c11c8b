'use strict'

const { createDatabase } = require('../support/database')
const { pickPort } = require('../support/postgres')
const { Client } = require('pg')
const { SECRET } = require('../faults/stores')
const { Application } = require('./newcomer')

// What goes wrong first, as it is seen first: one line, which says what happened and what to do. Where it names a statement, that
// is run as it stands there, and is enough.

const PASSWORD = 'a-password-of-a-role'
/** Long enough for one that is there, and short for one that is not. */
const PATIENCE = { BAILEYS_AUTH_WRITE_TIMEOUT_MS: '1500' }

let application, db

beforeAll(() => {
  application = new Application()
  application.install('baileys')
})

afterAll(() => application.remove())

beforeEach(async () => {
  db = await createDatabase({ layout: 'column', accounts: ['an-account'] })
})

afterEach(() => db.drop())

const changed = (url, change) => Object.assign(new URL(url), change).href
const environment = (url = db.serverUrl, others = {}) => ({
  ...PATIENCE,
  DATABASE_URL: url,
  WHATSAPP_SESSION_SECRET: SECRET,
  ...others,
})

/** Asserts that the script and the command end in one line each, that has nothing secret in it; gives what both say. */
async function refusal(env, args = ['clear', 'an-account', '--yes']) {
  const byScript = await application.start(env)
  expect(byScript).toMatchObject({ status: 1, stdout: '' })
  const said = [byScript]
  if (args) {
    const byCommand = await application.command(args, env)
    expect(byCommand.status).toBeGreaterThan(0)
    expect(byCommand.stdout).toBe('')
    said.push(byCommand)
  }
  for (const { stderr } of said) {
    expect(stderr).toMatch(/^[^\n]+\n$/)
    for (const secret of [PASSWORD, new URL(db.serverUrl).password]) {
      expect(stderr).not.toContain(secret)
    }
  }
  return said.map(({ stderr }) => stderr.trimEnd())
}

async function expectRefusal(env, text, args) {
  for (const line of await refusal(env, args)) expect(line).toContain(text)
}

const expectOpened = async (env) =>
  expect(await application.start(env)).toEqual({ status: 0, stdout: 'opened\n', stderr: '' })

test('a set-up with nothing wrong', async () => {
  await expectOpened(environment())
})

test('no DATABASE_URL', async () => {
  await expectRefusal(
    { WHATSAPP_SESSION_SECRET: SECRET },
    'databaseUrl: it is missing; give it as an option or set DATABASE_URL=postgresql://user:password@host:5432/database',
  )
})

test('no secret', async () => {
  await expectRefusal(
    { DATABASE_URL: db.serverUrl },
    'secret: it is missing; give it as an option or set WHATSAPP_SESSION_SECRET, for example to what `openssl rand -base64 32` prints',
  )
})

test('a secret of 15 characters', async () => {
  await expectRefusal(
    environment(db.serverUrl, { WHATSAPP_SESSION_SECRET: 'fifteen letters' }),
    'the secret is too short: WHATSAPP_SESSION_SECRET needs at least 16 characters; `openssl rand -base64 32` prints a good one',
  )
})

test('a server that does not run', async () => {
  const port = await pickPort()
  await expectRefusal(
    environment(changed(db.serverUrl, { port })),
    `; see that it runs and can be reached at 127.0.0.1:${port}, or set the right host and port in databaseUrl (DATABASE_URL)`,
  )
})

test('a wrong password', async () => {
  await expectRefusal(
    environment(changed(db.serverUrl, { password: 'wrong' })),
    'password authentication failed for user "postgres"; set the right user and password in databaseUrl (DATABASE_URL)',
  )
})

test('no such database', async () => {
  const name = `${db.name}_new`
  const env = environment(changed(db.serverUrl, { pathname: `/${name}` }))
  const statement = `CREATE DATABASE "${name}"`
  await expectRefusal(env, `; ${statement}, or set the right name in databaseUrl (DATABASE_URL)`)
  const admin = new Client({ connectionString: db.serverUrl })
  await admin.connect()
  try {
    await admin.query(statement)
    await expectOpened(env)
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
    await admin.end()
  }
})

test('Baileys that is not there', async () => {
  const bare = new Application()
  try {
    const { status, stderr } = await bare.start(environment())
    expect(status).toBe(1)
    expect(stderr).toBe(
      'open: no usable Baileys was found; npm install baileys (or @whiskeysockets/baileys), or give it as the option `baileys`\n',
    )
    const doctor = async () => {
      const { status, stdout } = await bare.command(['doctor', '--json'], environment())
      return { status, baileys: JSON.parse(stdout).checks.at(-1) }
    }
    expect(await doctor()).toEqual({
      status: 1,
      baileys: {
        name: 'baileys',
        status: 'failed',
        found: 'none is installed here',
        next: 'npm install baileys (or @whiskeysockets/baileys)',
      },
    })
    bare.install('baileys')
    expect(await doctor()).toMatchObject({ status: 0, baileys: { status: 'ok' } })
    await expectOpened(environment())
  } finally {
    bare.remove()
  }
})

const STAND_IN = `
exports.initAuthCreds = () => ({})
exports.proto = { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } }`

test.each([
  ['6.5.0', STAND_IN, 3, /^Baileys 6\.5\.0; 6\.7 or 7 is needed$/],
  ['6.7.18', STAND_IN, 3, /stores sender keys that Baileys 7 cannot read$/],
  ['6.7.19', STAND_IN, 0, /^Baileys 6\.7\.19$/],
  ['7.0.0-rc.9', STAND_IN, 0, /^Baileys 7\.0\.0-rc\.9$/],
  ['8.0.0', STAND_IN, 3, /newer than those/],
  ['7.0.0', 'throw new RangeError("a reason")', 1, /does not load \(RangeError\)$/],
])('doctor on Baileys %s', async (version, source, status, found) => {
  const other = new Application()
  try {
    other.installSource('baileys', version, source)
    const said = await other.command(['doctor', '--json'], environment())
    expect(said.status).toBe(status)
    expect(JSON.parse(said.stdout).checks.at(-1).found).toMatch(found)
  } finally {
    other.remove()
  }
})

describe('layout rows', () => {
  test('no grant to make the tables', async () => {
    const role = db.name
    await db.query(`DROP TABLE whatsapp_accounts; CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
    const env = environment(changed(db.serverUrl, { username: role, password: PASSWORD }))
    try {
      const statement = `GRANT CREATE ON DATABASE "${db.name}" TO "${role}"`
      await expectRefusal(
        env,
        `; ${statement}, or have what \`npx baileys-postgres-auth migrate --sql\``,
      )
      await db.query(statement)
      await expectOpened(env)
    } finally {
      await db.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    }
  })

  test('nor to make them in a schema that is there', async () => {
    const role = db.name
    await db.query(`DROP TABLE whatsapp_accounts; CREATE SCHEMA baileys_auth;
                    CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}';
                    GRANT USAGE ON SCHEMA baileys_auth TO ${role}`)
    const env = environment(changed(db.serverUrl, { username: role, password: PASSWORD }))
    try {
      const statement = `GRANT USAGE, CREATE ON SCHEMA "baileys_auth" TO "${role}"`
      await expectRefusal(env, `; ${statement}, or have what`)
      await db.query(statement)
      await expectOpened(env)
    } finally {
      await db.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    }
  })
})

describe('layout column', () => {
  const column = () => environment(db.serverUrl, { BAILEYS_AUTH_LAYOUT: 'column' })

  test('no row of the account', async () => {
    await db.query('DELETE FROM whatsapp_accounts')
    await expectRefusal(
      column(),
      'open of account "an-account": the accounts table has no row with this id; create the account first',
      null,
    )
  })

  test.each([
    [
      'no accounts table',
      'DROP TABLE whatsapp_accounts',
      'CREATE TABLE "public"."whatsapp_accounts" ("id" text PRIMARY KEY, "session_data" text, "updated_at" timestamp(3))',
      ', or set accountsTable to the names of yours',
    ],
    [
      'no column for the session',
      'ALTER TABLE whatsapp_accounts DROP session_data',
      'ALTER TABLE "public"."whatsapp_accounts" ADD COLUMN "session_data" text',
      ', or set accountsTable.sessionData to the name of yours',
    ],
    [
      'no column for the time',
      'ALTER TABLE whatsapp_accounts DROP updated_at',
      'ALTER TABLE "public"."whatsapp_accounts" ADD COLUMN "updated_at" timestamp(3)',
      ', or set accountsTable.updatedAt to the name of yours, or to null if there is none',
    ],
  ])('%s', async (_, change, statement, otherwise) => {
    await db.query(change)
    await expectRefusal(column(), `; ${statement}${otherwise}`, null)
    await db.query(statement)
    await db.query(`INSERT INTO whatsapp_accounts (id) SELECT 'an-account'
                    WHERE NOT EXISTS (SELECT FROM whatsapp_accounts)`)
    await expectOpened(column())
  })

  test('a role without rights on it is told where to look', async () => {
    const role = db.name
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
    const url = changed(db.serverUrl, { username: role, password: PASSWORD })
    const env = environment(url, { BAILEYS_AUTH_LAYOUT: 'column' })
    try {
      await expectRefusal(env, '; `npx baileys-postgres-auth doctor` says what is to be granted')
      const { stdout } = await application.command(['doctor', '--json'], env)
      const { next } = JSON.parse(stdout).checks.find(({ name }) => name === 'grants')
      expect(next).toBe(`GRANT SELECT, UPDATE ON "public"."whatsapp_accounts" TO "${role}"`)
      await db.query(next)
      await expectOpened(env)
    } finally {
      await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})
