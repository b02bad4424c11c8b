'use strict'

/** What PostgreSQL writes for a set, and what a record takes in its table and index. */

const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { atMost, find, median } = require('../bars')
const { withField } = require('../field')
const { runInTurn } = require('../turns')
const { enterCrowd } = require('../writing')

const CROWD = { accounts: 100, callers: 10, records: 100 }
const ALONE = { accounts: 1, callers: 1, records: 1_000 }

/** The tables of all the stores, each of which has a database with only its own. */
const TABLES = ['record', 'auth_record', 'auth_data', 'zaileys_auth_signal']

async function tableBytes(db) {
  const { rows } = await db.query(
    `SELECT sum(pg_total_relation_size(oid))::bigint AS bytes FROM pg_class
     WHERE relkind = 'r' AND relname = ANY ($1)`,
    [TABLES],
  )
  return Number(rows[0].bytes)
}

async function walPosition(db) {
  const { rows } = await db.query(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes`,
  )
  return Number(rows[0].bytes)
}

/** Bytes of log for each set of a while; every page has been logged as a whole before. */
async function walPerSet(contestant, seconds) {
  await contestant.db.query('VACUUM')
  await contestant.db.query('CHECKPOINT')
  await contestant.call('pass', { seconds: Number.MAX_SAFE_INTEGER })
  const before = await walPosition(contestant.db)
  const sets = await contestant.call('count', { seconds })
  return ((await walPosition(contestant.db)) - before) / sets
}

/** Not a session as one text, whose log is as long as the session. */
const writesRows = ({ name }) => name !== 'multi-file' && name !== 'original'

/** Runs the crowd of every store, and then one caller alone of every store. */
async function runShape(context, shape, figure) {
  return withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS]).filter(writesRows)) {
      context.onRound(entry.label)
      const contestant = await enter(enterCrowd(entry, shape))
      await contestant.db.query('VACUUM')
      const { accounts, records } = contestant.shape
      contestant.bytesPerRecord = (await tableBytes(contestant.db)) / (accounts * records)
    }
    await runInTurn(
      field,
      async (contestant) => ({
        [figure]: await walPerSet(contestant, context.seconds / 2),
        bytesPerRecord: contestant.bytesPerRecord,
      }),
      context,
    )
    return field.map((contestant) => contestant.result())
  })
}

async function run(context) {
  const crowds = await runShape(context, CROWD, 'crowdWal')
  const alone = await runShape(context, ALONE, 'aloneWal')
  return crowds.map((result) => ({
    ...result,
    figures: { ...result.figures, aloneWal: find(alone, result.name).figures.aloneWal },
  }))
}

const COLUMNS = [
  ['WAL bytes/set, 100 accounts', 'crowdWal'],
  ['one after another', 'aloneWal'],
  ['bytes/record in table and index', 'bytesPerRecord'],
]

function bars(results) {
  const part = (figure) =>
    median(find(results, 'ours'), figure) / median(find(results, 'careful'), figure)
  return [
    atMost('WAL per set, 100 accounts', part('crowdWal'), 0.6, 'of careful Node.js'),
    atMost('WAL per set, one after another', part('aloneWal'), 0.6, 'of careful Node.js'),
    atMost('bytes per record', part('bytesPerRecord'), 0.6, 'of careful Node.js'),
  ]
}

module.exports = {
  title: 'what a session record costs PostgreSQL',
  run,
  columns: COLUMNS,
  bars,
}
