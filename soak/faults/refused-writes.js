'use strict'

const { randomBytes } = require('node:crypto')
const { startPostgres } = require('../../__test__/support/postgres')
const causes = require('../causes')
const { mountSmallDisk } = require('../small-disk')
const { promise, requireWhole } = require('../verdict')
const { inWorld } = require('../world')
const { Writers } = require('../writers')

const ROUNDS = { short: 1, long: 10 }
const ACCOUNTS = 4
const STRANDS = ['one', 'two']
const STORE = { writeTimeoutMs: 1_500, pool: { size: 3 } }
const TABLES = { column: 'public.whatsapp_accounts', rows: 'baileys_auth.record' }

const WITHOUT_DISK = 'a trigger says so: mounting one takes root, or sudo without a password'

/** A role that may write, and nothing else; gives its name and a connection string of it. */
async function makeRole(db, said) {
  const role = `writer_${randomBytes(6).toString('hex')}`
  const password = randomBytes(16).toString('hex')
  said.hide("the role's password", password)
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`)
  for (const schema of db.layout === 'rows' ? ['public', 'baileys_auth'] : ['public']) {
    await db.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role};
                    GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
  }
  const url = new URL(db.url)
  url.username = role
  url.password = password
  return { role, url: url.href }
}

/** Checks that a refusal says why, and that what is read then is what was acknowledged, as far as that can be known. */
function judge(said, { expected, endsConnections = false }) {
  return async (strand, _, error) => {
    said.error(error)
    const { code, sqlState } = error
    const saysWhy = code === expected.code && sqlState === expected.sqlState
    promise(saysWhy, `a refusal says why: ${code}, ${sqlState}`)
    const found = await strand.read().catch((reason) => {
      said.error(reason)
      return reason
    })
    // What cannot be read is refused, for the same cause.
    if (found.code === expected.code) return
    if (found instanceof Error) throw found
    const { acknowledged } = strand
    const called = endsConnections ? strand.called : acknowledged
    requireWhole(found, { acknowledged, called }, strand.where)
  }
}

/** Writes on through one cause. */
async function endure(cause, { layout, said, serverUrl }) {
  return inWorld({ layout, said, accounts: ACCOUNTS, serverUrl }, async (world) => {
    const { role, url } = await makeRole(world.db, said)
    const where = { db: world.db, role, table: TABLES[layout] }
    const store = world.store({ databaseUrl: url, ...STORE })
    const writers = new Writers({ onRefused: judge(said, cause) })
    try {
      await writers.start(world, store, STRANDS)
      await writers.untilWritten()
      await cause.begin(where)
      await writers.untilRefused()
      await cause.end(where)
      const backMs = await writers.untilWritten()
      await writers.stop()
      return { backMs, refused: writers.refused, sets: await writers.verify(world) }
    } finally {
      await writers.stop().catch(() => {})
      await store.close().catch(() => {})
      await world.db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
}

/** A disk is full, with a server of its own. */
async function endureFullDisk(options) {
  const disk = mountSmallDisk()
  options.note('how the disk is full', disk ? 'a tmpfs without a free byte' : WITHOUT_DISK)
  const server = await startPostgres({ onLog: options.said.print })
  try {
    return await endure(causes.fullDisk(disk), { ...options, serverUrl: server.url() })
  } finally {
    await server.stop()
    disk?.remove()
  }
}

const CAUSES = {
  'a full disk': endureFullDisk,
  'a read-only database': (options) => endure(causes.readOnly, options),
  'a revoked grant': (options) => endure(causes.revokedGrant, options),
  'a statement_timeout': (options) => endure(causes.statementTimeout, options),
  'a dropped table': (options) => endure(causes.droppedTable, options),
}

/** PostgreSQL refuses writes for a while, for one cause after another; they go on once it is gone. */
async function run({ layout, scale, report, said }) {
  const total = { refused: 0, sets: 0 }
  const figures = {}
  const note = (label, text) => {
    figures[label] = text
  }
  for (const [name, suffer] of Object.entries(CAUSES)) {
    let longest = 0
    for (let round = 1; round <= ROUNDS[scale]; round++) {
      report(`${name}, round ${round} of ${ROUNDS[scale]}`)
      const { backMs, refused, sets } = await suffer({ layout, said, note }).catch((error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error })
      })
      longest = Math.max(longest, backMs)
      total.refused += refused
      total.sets += sets
    }
    figures[`from the end of ${name} to the last strand’s next write, ms at most`] = longest
  }
  return {
    rounds: ROUNDS[scale] * Object.keys(CAUSES).length,
    'sets acknowledged': total.sets,
    'sets refused, each with its code and SQLSTATE': total.refused,
    ...figures,
    lost: 0,
    torn: 0,
  }
}

module.exports = { title: 'Writes that PostgreSQL refuses for a while', run }
