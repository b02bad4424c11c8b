'use strict'

/** What the figures depend on: the machine, the versions, the server's settings. */

const os = require('node:os')
const { Client } = require('pg')
const { startContender } = require('./contender')
const { number } = require('./text')

/** Settings that decide what a commit costs. */
const SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_compression',
  'shared_buffers',
  'max_wal_size',
  'default_toast_compression',
]

async function describeServer(databaseUrl) {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query(
    `SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name`,
    [['server_version', ...SETTINGS]],
  )
  await client.end()
  const [version, ...settings] = rows
  return {
    version: version.value,
    settings: settings.map(({ name, value }) => `${name}=${value}`).join(' '),
  }
}

/** The delay of an event loop that has nothing to do, in a process like those that are measured. */
async function idleDelay(seconds) {
  const contender = startContender('idle.js', { module: 'idle' })
  const { delayP99Ms } = await contender.call('idle', { seconds })
  await contender.stop()
  return delayP99Ms
}

async function describeEnvironment(databaseUrl, { seconds }) {
  const [cpu] = os.cpus()
  return {
    cpu: cpu.model.trim(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    postgres: await describeServer(databaseUrl),
    idleDelayP99Ms: await idleDelay(seconds),
    load: os.loadavg()[0],
  }
}

function renderEnvironment(environment, { rounds, seconds, command }) {
  const { postgres } = environment
  return [
    `machine     ${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB, ${environment.platform}`,
    `versions    Node.js ${environment.node}, PostgreSQL ${postgres.version}`,
    `PostgreSQL  ${postgres.settings}`,
    `quietness   load average ${environment.load.toFixed(2)} at the start; loop delay p99 of an idle process ${number(environment.idleDelayP99Ms)} ms`,
    `method      rounds: ${rounds}, each ${seconds} s and ${seconds / 2} s (loop delay), stores in turn; median (min-max)`,
    `reproduce   ${command}`,
  ]
}

module.exports = { describeEnvironment, renderEnvironment }
