'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { shell } = require('../cli/command')
const { sectionsOf } = require('../docs/pages')
const { environment } = require('../faults/stores')
const { newFolder } = require('../moving/folders')
const { World, expectFilled } = require('./world')

const SECTION = sectionsOf('docs/migrating.md')['Between the layouts']
const [there, back, sql, partitions] = [...SECTION.matchAll(/^```sh\n(.*?)^```/gms)].map(
  ([, text]) => text,
)

const ACCOUNTS = ['one', 'two']

let world, db, at, role

beforeAll(async () => {
  world = await World.of('column')
  db = world.db
  role = new URL(db.url).pathname.slice(1)
  at = path.dirname(newFolder())
  await world.add(ACCOUNTS)
  await db.query(`CREATE ROLE "${role}"`)
})

afterAll(async () => {
  await db.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
  await db.drop()
})

const run = (lines) => shell(lines, { cwd: at, env: environment(db.url) })

test('docs/migrating.md: its commands do what it says, one after the other', async () => {
  expect((await run(there)).stdout).toBe(
    `the tables of layout rows would be made
2 sessions would be moved to rows; nothing was changed
the tables of layout rows were made
2 sessions moved to rows
`,
  )
  await expectFilled(world.make({ layout: 'rows' }), ACCOUNTS)
  expect((await run(back)).stdout).toBe(
    '2 sessions would be moved to column; nothing was changed\n2 sessions moved to column\n',
  )
  await expectFilled(world.make({ layout: 'column' }), ACCOUNTS)

  // "DROP SCHEMA baileys_auth CASCADE takes them away"
  expect(SECTION.replaceAll('\n', ' ')).toContain('`DROP SCHEMA baileys_auth CASCADE`')
  await db.query('DROP SCHEMA baileys_auth CASCADE')
  await expectFilled(world.make(), ACCOUNTS)

  await run(sql.replace('--role app', `--role "${role}"`))
  await db.query(fs.readFileSync(path.join(at, 'tables.sql'), 'utf8'))
  for (const account of ACCOUNTS) expect(await world.places(account)).toEqual(['column'])

  await expect(run(partitions)).rejects.toMatchObject({ code: 2 })
  await db.query('DROP SCHEMA baileys_auth CASCADE')
  expect((await run(partitions)).stdout).toContain('2 sessions moved to rows\n')
  const { rowCount } = await db.query(
    `SELECT FROM pg_inherits WHERE inhparent = 'baileys_auth.record'::regclass`,
  )
  expect(rowCount).toBe(16)
  await expectFilled(world.make(), ACCOUNTS)
}, 120_000)
