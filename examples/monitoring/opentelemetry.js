'use strict'

const { ValueType } = require('@opentelemetry/api')
const { AggregationTemporality, DataPointType } = require('@opentelemetry/sdk-metrics')

const SCOPE = 'baileys-postgres-auth'

const COUNTERS = {
  sets: ['Writes that were called', '{write}', (stats) => stats.sets],
  refused_sets: ['Writes that were refused or failed', '{write}', (stats) => stats.refusedSets],
  commits: ['Commits of one account each', '{commit}', (stats) => stats.commits],
  failed_commits: ['Commits that failed for good', '{commit}', (stats) => stats.failedCommits],
  committed_records: ['Records made durable', '{record}', (stats) => stats.committedRecords],
  retries: ['Attempts that were repeated', '{attempt}', (stats) => stats.retries],
  'cache.hits': ['Records found in memory', '{record}', (stats) => stats.cache?.hits],
  'cache.misses': ['Records not found in memory', '{record}', (stats) => stats.cache?.misses],
}

const GAUGES = {
  open_sessions: ['Open accounts', '{account}', (stats) => stats.openSessions],
  'pending.records': ['Records awaiting commit', '{record}', (stats) => stats.pendingRecords],
  'pending.bytes': ['Their size', 'By', (stats) => stats.pendingBytes],
  'pool.connections': ['Open connections', '{connection}', (stats) => stats.pool.size],
  'pool.idle': ['Connections that nobody uses', '{connection}', (stats) => stats.pool.idle],
  'pool.max': ['Connections at most', '{connection}', (stats) => stats.pool.max],
  'pool.waiting': ['Waits for a connection', '{operation}', (stats) => stats.pool.waiting],
  'cache.bytes': ['Records held in memory', 'By', (stats) => stats.cache?.bytes],
  'cache.capacity': ['Records held in memory at most', 'By', (stats) => stats.cache?.capacity],
}

const HISTOGRAMS = {
  'set.duration': ['Writes, from call to answer', 's', 'setSeconds'],
  'open.duration': ['Opens, from call to answer', 's', 'openSeconds'],
  'commit.duration': ['Commits, all that was repeated included', 's', 'commitSeconds'],
  'round_trip.duration': ['Statements, from sending to answer', 's', 'roundTripSeconds'],
  'connection_wait.duration': ['Waits for a connection', 's', 'connectionWaitSeconds'],
  'batch.sessions': ['Accounts in one commit', '{account}', 'batchSessions'],
  'batch.records': ['Records in one commit', '{record}', 'batchRecords'],
}

/** Has a meter observe a store's counts. */
function exportStore(store, meter, prefix = 'baileys_auth.') {
  const instruments = []
  const add = (kind, [name, [description, unit, figureOf]]) =>
    instruments.push([meter[kind](prefix + name, { description, unit }), figureOf])
  for (const counter of Object.entries(COUNTERS)) add('createObservableCounter', counter)
  for (const gauge of Object.entries(GAUGES)) add('createObservableGauge', gauge)
  const observe = (result) => {
    const stats = store.stats()
    for (const [instrument, figureOf] of instruments) {
      const value = figureOf(stats)
      if (value !== undefined) result.observe(instrument, value)
    }
  }
  meter.addBatchObservableCallback(
    observe,
    instruments.map(([instrument]) => instrument),
  )
}

/** A store's histograms, which are complete already: for the option `metricProducers` of a metric reader. */
class HistogramProducer {
  #store
  #prefix
  #start = now()

  constructor(store, prefix = 'baileys_auth.') {
    this.#store = store
    this.#prefix = prefix
  }

  async collect() {
    const { histograms } = this.#store.stats()
    const metrics = Object.entries(HISTOGRAMS).map(([name, [description, unit, key]]) => ({
      descriptor: { name: this.#prefix + name, description, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: [
        { startTime: this.#start, endTime: now(), attributes: {}, value: reshape(histograms[key]) },
      ],
    }))
    // The reader keeps the resource of its own.
    return { resourceMetrics: { scopeMetrics: [{ scope: { name: SCOPE }, metrics }] }, errors: [] }
  }
}

/** OpenTelemetry counts each bucket for itself, and does not name the last one's bound. */
function reshape({ buckets, sum, count }) {
  return {
    buckets: {
      boundaries: buckets.slice(0, -1).map(({ le }) => le),
      counts: buckets.map((bucket, at) => bucket.count - (buckets[at - 1]?.count ?? 0)),
    },
    sum,
    count,
  }
}

/** The time as OpenTelemetry has it: seconds and nanoseconds. */
function now() {
  const ms = Date.now()
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000]
}

/** What to give a store as `onAudit`, so that its audit events are counted. */
function countEvents(meter, prefix = 'baileys_auth.') {
  const counter = meter.createCounter(`${prefix}events`, {
    description: 'What happened to sessions',
    unit: '{event}',
  })
  return ({ event }) => counter.add(1, { event })
}

module.exports = { HistogramProducer, countEvents, exportStore }
