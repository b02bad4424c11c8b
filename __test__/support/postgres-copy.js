'use strict'

/**
 * A standby's data: a copy of a running primary's, as `pg_basebackup` makes one, which the package of binaries does not have.
 */

const fs = require('node:fs/promises')
const path = require('node:path')
const { Client } = require('pg')

/** What PostgreSQL's manual says to leave out of a copy: it belongs to the running server, or comes by streaming. */
const NOT_COPIED = new Set(['postmaster.pid', 'postmaster.opts', 'standby.signal'])
const COPIED_EMPTY = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
])
/** Says where recovery is: copied last, so that it is never behind what was copied before it. */
const CONTROL = path.join('global', 'pg_control')
/** So many bytes of log the primary keeps for a standby that is being made. */
const WAL_KEPT = '1GB'

/** Copies a file that may be gone by now: what has happened to it since the backup began is in the log. */
async function copyFile(from, to) {
  try {
    await fs.copyFile(from, to)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

async function copyFolder(from, to, leavesOut) {
  await fs.mkdir(to, { mode: 0o700 })
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (leavesOut(source)) continue
    if (entry.isDirectory()) await copyFolder(source, target, leavesOut)
    else await copyFile(source, target)
  }
}

async function copyData(from, to) {
  const control = path.join(from, CONTROL)
  await copyFolder(from, to, (entry) => {
    const [top, ...below] = path.relative(from, entry).split(path.sep)
    return entry === control || NOT_COPIED.has(top) || (COPIED_EMPTY.has(top) && below.length > 0)
  })
  await fs.copyFile(control, path.join(to, CONTROL))
}

const quoted = (value) => `'${String(value).replaceAll("'", "''")}'`

/** Puts a copy of a running server's data, as its standby's, in a folder's place. */
async function copyAsStandby(primary, dataDir) {
  await fs.rm(dataDir, { recursive: true, force: true })
  const client = new Client({ connectionString: primary.url() })
  await client.connect()
  try {
    await client.query(`ALTER SYSTEM SET wal_keep_size = '${WAL_KEPT}'`)
    await client.query('SELECT pg_reload_conf()')
    await client.query(`SELECT pg_backup_start('standby', true)`)
    await copyData(primary.dataDir, dataDir)
    const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)')
    await fs.writeFile(path.join(dataDir, 'backup_label'), rows[0].labelfile, { mode: 0o600 })
  } finally {
    await client.end()
  }
  const { host, port, user, password } = primary
  const conninfo = Object.entries({ host, port, user, password })
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
  // In the place of what was set on the primary: a standby that is promoted waits for nobody until it is told to.
  await fs.writeFile(
    path.join(dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = ${quoted(conninfo)}\n`,
    { mode: 0o600 },
  )
  await fs.writeFile(path.join(dataDir, 'standby.signal'), '', { mode: 0o600 })
}

module.exports = { copyAsStandby }
