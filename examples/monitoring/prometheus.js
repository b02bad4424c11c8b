'use strict'

const { Counter } = require('prom-client')

const COUNTERS = {
  sets_total: ['Writes that were called', (stats) => stats.sets],
  refused_sets_total: ['Writes that were refused or failed', (stats) => stats.refusedSets],
  commits_total: ['Commits of one account each', (stats) => stats.commits],
  failed_commits_total: ['Commits that failed for good', (stats) => stats.failedCommits],
  committed_records_total: ['Records that became durable', (stats) => stats.committedRecords],
  retries_total: ['Attempts that were repeated', (stats) => stats.retries],
  cache_hits_total: ['Records found in memory', (stats) => stats.cache?.hits],
  cache_misses_total: ['Records not found in memory', (stats) => stats.cache?.misses],
}

const GAUGES = {
  open_sessions: ['Open accounts', (stats) => stats.openSessions],
  pending_records: ['Records that wait for their commit', (stats) => stats.pendingRecords],
  pending_bytes: ['Their size', (stats) => stats.pendingBytes],
  pool_connections: ['Open connections', (stats) => stats.pool.size],
  pool_idle_connections: ['Connections that nobody uses', (stats) => stats.pool.idle],
  pool_max_connections: ['Connections at most', (stats) => stats.pool.max],
  pool_waiting: ['Operations that wait for a connection', (stats) => stats.pool.waiting],
  cache_bytes: ['Records held in memory', (stats) => stats.cache?.bytes],
  cache_capacity_bytes: ['Records held in memory at most', (stats) => stats.cache?.capacity],
}

const HISTOGRAMS = {
  set_seconds: ['Writes, from call to answer', 'setSeconds'],
  open_seconds: ['Opens, from call to answer', 'openSeconds'],
  commit_seconds: ['Commits, all that was repeated included', 'commitSeconds'],
  round_trip_seconds: ['Statements, from sending to answer', 'roundTripSeconds'],
  connection_wait_seconds: ['Waits for a connection', 'connectionWaitSeconds'],
  batch_sessions: ['Accounts in one commit', 'batchSessions'],
  batch_records: ['Records in one commit', 'batchRecords'],
}

/** Has a registry read a store's figures whenever it is scraped. */
function exportStore(store, register, prefix = 'baileys_auth_') {
  let stats
  // One reading a scrape: it asks all metrics in one turn of the event loop.
  const read = () => {
    if (stats === undefined) setImmediate(() => (stats = undefined))
    stats ??= store.stats()
    return stats
  }
  const add = (type, name, help, valuesOf) => {
    const metric = { name: prefix + name, help, type, aggregator: 'sum' }
    const get = async () => ({ ...metric, values: valuesOf(read(), metric.name) })
    register.registerMetric({ ...metric, get, reset() {} })
  }
  const single = (figureOf) => (stats) => [{ labels: {}, value: figureOf(stats) ?? 0 }]
  for (const [name, [help, figureOf]] of Object.entries(COUNTERS)) {
    add('counter', name, help, single(figureOf))
  }
  for (const [name, [help, figureOf]] of Object.entries(GAUGES)) {
    add('gauge', name, help, single(figureOf))
  }
  for (const [name, [help, key]] of Object.entries(HISTOGRAMS)) {
    add('histogram', name, help, (stats, metricName) => samples(stats.histograms[key], metricName))
  }
}

function samples({ buckets, sum, count }, name) {
  return [
    ...buckets.map((bucket) => ({
      metricName: `${name}_bucket`,
      labels: { le: bucket.le === Number.POSITIVE_INFINITY ? '+Inf' : bucket.le },
      value: bucket.count,
    })),
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ]
}

/** What to give a store as `onAudit`, so that its audit events are counted. */
function countEvents(register, prefix = 'baileys_auth_') {
  const counter = new Counter({
    name: `${prefix}events_total`,
    help: 'What happened to sessions',
    labelNames: ['event'],
    registers: [register],
  })
  return ({ event }) => counter.inc({ event })
}

module.exports = { countEvents, exportStore }
