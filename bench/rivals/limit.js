'use strict'

/**
 * What PostgreSQL itself can take: rows as this package stores them, written by bench/limit.rs, which knows nothing of
 * sessions and keys.
 */

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { createDatabase } = require('../../__test__/support/database')

const run = promisify(execFile)

const ROOT = path.join(__dirname, '../..')
const PROGRAM = ['--release', '--locked', '--quiet', '--example', 'bench-limit']

/** Gives what cargo, or the program that it runs, prints. */
async function cargo(args, databaseUrl) {
  const env = { ...process.env, DATABASE_URL: databaseUrl }
  const { stdout } = await run('cargo', args, { cwd: ROOT, env })
  return stdout
}

const LABELS = { batches: 'PostgreSQL, batches of 100', single: 'PostgreSQL, bare upsert' }

/** Bytes of a sealed session record as this package stores it. */
async function sealedBytes(db) {
  const { rows } = await db.query(
    `SELECT round(avg(octet_length(value)))::int AS bytes FROM baileys_auth.record WHERE kind = 'session'`,
  )
  return rows[0].bytes
}

/** Takes part in the rounds as a store does. `mode` is `batches` or `single`. */
class Limit {
  rounds = []

  /** Compiles limit.rs, and adds it to those who take part. */
  static async enter({ mode, sessions, records, valueBytes }) {
    const limit = new Limit()
    limit.label = LABELS[mode]
    limit.isLimit = true
    limit.mode = mode
    limit.arguments = [sessions, records, valueBytes].map(String)
    await cargo(['build', ...PROGRAM])
    limit.db = await createDatabase()
    return limit
  }

  /** Gives what limit.rs prints: see there. */
  async measure(seconds) {
    const args = ['--', this.mode, ...this.arguments, String(seconds)]
    const stdout = await cargo(['run', ...PROGRAM, ...args], this.db.url)
    return JSON.parse(stdout)
  }

  result() {
    const { label, figures } = this
    return { name: 'limit', label, shortLabel: 'PostgreSQL alone', figures }
  }

  leave() {
    return this.db.drop()
  }
}

module.exports = { Limit, sealedBytes }
