'use strict'

const fs = require('node:fs')
const path = require('node:path')
const {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require('@opentelemetry/sdk-metrics')
const { Registry } = require('prom-client')
const opentelemetry = require('../../examples/monitoring/opentelemetry')
const prometheus = require('../../examples/monitoring/prometheus')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, environment, makeStore, quickBaileys } = require('../faults/stores')
const { runScript } = require('../support/child')

const PROJECT = path.join(__dirname, '../..')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  /** A store that has done something of everything that is counted. */
  async function busyStore(onAudit) {
    const store = makeStore(db.url, { baileys: quickBaileys, onAudit })
    const accounts = [await addAccount(db), await addAccount(db)]
    for (const account of accounts) {
      const { state, saveCreds } = await store.useAuthState(account)
      await saveCreds()
      await state.keys.set({ session: { peer: { n: 1 } }, 'pre-key': { 1: { n: 1 } } })
      await state.keys.get('session', ['peer', 'nobody'])
    }
    await store.clear(accounts[0])
    return store
  }

  test('prom-client exports every figure and histogram of stats()', async () => {
    const register = new Registry()
    const store = await busyStore(prometheus.countEvents(register))
    // Of one moment: what was cleared leaves the memory a little later.
    const stats = store.stats()
    prometheus.exportStore({ stats: () => stats }, register)
    const samples = samplesIn(await register.metrics())
    expect(stats.sets).toBe(4)
    const figures = {
      sets_total: stats.sets,
      refused_sets_total: stats.refusedSets,
      commits_total: stats.commits,
      failed_commits_total: stats.failedCommits,
      committed_records_total: stats.committedRecords,
      retries_total: stats.retries,
      cache_hits_total: stats.cache?.hits ?? 0,
      cache_misses_total: stats.cache?.misses ?? 0,
      open_sessions: stats.openSessions,
      pending_records: stats.pendingRecords,
      pending_bytes: stats.pendingBytes,
      pool_connections: stats.pool.size,
      pool_idle_connections: stats.pool.idle,
      pool_max_connections: stats.pool.max,
      pool_waiting: stats.pool.waiting,
      cache_bytes: stats.cache?.bytes ?? 0,
      cache_capacity_bytes: stats.cache?.capacity ?? 0,
      'events_total{event="session.opened"}': 2,
      'events_total{event="session.cleared"}': 1,
    }
    for (const [key, { buckets, sum, count }] of Object.entries(stats.histograms)) {
      const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      for (const { le, count: atMost } of buckets) {
        figures[`${name}_bucket{le="${le === Infinity ? '+Inf' : le}"}`] = atMost
      }
      Object.assign(figures, { [`${name}_sum`]: sum, [`${name}_count`]: count })
    }
    expect(samples).toEqual(
      Object.fromEntries(
        Object.entries(figures).map(([name, value]) => [`baileys_auth_${name}`, value]),
      ),
    )
  })

  test('prom-client reads the figures anew with every scrape, and once a scrape', async () => {
    const register = new Registry()
    const store = await busyStore()
    const stats = jest.fn(store.stats)
    prometheus.exportStore({ stats }, register)
    const setsAtScrape = async () => samplesIn(await register.metrics()).baileys_auth_sets_total
    expect(await setsAtScrape()).toBe(4)
    await (await store.useAuthState(await addAccount(db))).saveCreds()
    await new Promise(setImmediate)
    expect(await setsAtScrape()).toBe(5)
    expect(stats).toHaveBeenCalledTimes(2)
    expect(await register.getMetricsAsJSON()).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'baileys_auth_set_seconds' })]),
    )
  })

  test('OpenTelemetry exports every figure and histogram of stats()', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const source = { stats: () => stats }
    const reader = new PeriodicExportingMetricReader({
      exporter,
      metricProducers: [new opentelemetry.HistogramProducer(source)],
    })
    const provider = new MeterProvider({ readers: [reader] })
    const meter = provider.getMeter('baileys-postgres-auth')
    const stats = (await busyStore(opentelemetry.countEvents(meter))).stats()
    opentelemetry.exportStore(source, meter)
    await provider.forceFlush()
    const { scopeMetrics } = exporter.getMetrics().at(-1)
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics)
    const points = Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name.replace('baileys_auth.', ''),
        dataPoints.map(({ value }) => value),
      ]),
    )
    expect(stats.sets).toBe(4)
    expect(points).toEqual({
      events: [2, 1],
      sets: [stats.sets],
      refused_sets: [stats.refusedSets],
      commits: [stats.commits],
      failed_commits: [stats.failedCommits],
      committed_records: [stats.committedRecords],
      retries: [stats.retries],
      open_sessions: [stats.openSessions],
      'pending.records': [stats.pendingRecords],
      'pending.bytes': [stats.pendingBytes],
      'pool.connections': [stats.pool.size],
      'pool.idle': [stats.pool.idle],
      'pool.max': [stats.pool.max],
      'pool.waiting': [stats.pool.waiting],
      ...(stats.cache && {
        'cache.hits': [stats.cache.hits],
        'cache.misses': [stats.cache.misses],
        'cache.bytes': [stats.cache.bytes],
        'cache.capacity': [stats.cache.capacity],
      }),
      'set.duration': [inOpenTelemetry(stats.histograms.setSeconds)],
      'open.duration': [inOpenTelemetry(stats.histograms.openSeconds)],
      'commit.duration': [inOpenTelemetry(stats.histograms.commitSeconds)],
      'round_trip.duration': [inOpenTelemetry(stats.histograms.roundTripSeconds)],
      'connection_wait.duration': [inOpenTelemetry(stats.histograms.connectionWaitSeconds)],
      'batch.sessions': [inOpenTelemetry(stats.histograms.batchSessions)],
      'batch.records': [inOpenTelemetry(stats.histograms.batchRecords)],
    })
    await provider.shutdown()
  })
})

/** The samples of a scrape, by name and labels. */
function samplesIn(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^(\S+) (\S+)$/.exec(line)
      return [name, Number(value)]
    }),
  )
}

function inOpenTelemetry({ buckets, sum, count }) {
  const counts = []
  let before = 0
  for (const bucket of buckets) {
    counts.push(bucket.count - before)
    before = bucket.count
  }
  const boundaries = buckets.map(({ le }) => le).filter(Number.isFinite)
  return { buckets: { boundaries, counts }, sum, count }
}

describe('docs/monitoring.md', () => {
  const text = fs.readFileSync(path.join(PROJECT, 'docs/monitoring.md'), 'utf8')
  const files = [...text.matchAll(/^<!-- (examples\S+) -->\n```js\n(.*?)^```$/gms)]

  test('shows both recipes', () => {
    expect(files.map(([, file]) => path.basename(file))).toEqual([
      'prometheus.js',
      'opentelemetry.js',
    ])
  })

  test.each(files.map(([, file, snippet]) => [file, snippet]))(
    'shows %s as it is',
    (file, snippet) => {
      expect(snippet).toBe(fs.readFileSync(path.join(PROJECT, file), 'utf8'))
    },
  )

  test('names no metric that prom-client does not export', async () => {
    const register = new Registry()
    prometheus.countEvents(register)
    prometheus.exportStore({}, register)
    const exported = register.getMetricsAsArray().map(({ name }) => name)
    const named = text.match(/baileys_auth_[a-z_]+\w/g).map((name) => name.replace(/_bucket$/, ''))
    expect(new Set(named).size).toBeGreaterThan(8)
    expect(named.filter((name) => !exported.includes(name))).toEqual([])
  })

  describe('what it says to run runs:', () => {
    let db

    beforeAll(async () => {
      db = await createDatabase({ layout: 'rows' })
    })

    afterAll(() => db.drop())

    const blockOf = (name) =>
      new RegExp(`^<!-- run: ${name} -->\n\`\`\`js\n(.*?)^\`\`\`$`, 'ms').exec(text)[1]

    async function run(name, rest) {
      const variables = { ...environment(db.url), METRICS_PORT: '0' }
      const { code, stdout, stderr } = await runScript(blockOf(name) + rest, variables)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }

    test('prom-client, served', async () => {
      const printed = await run(
        'prometheus',
        `server.once('listening', async () => {
          const { close } = await store.useAuthState('an-account')
          const response = await fetch('http://localhost:' + server.address().port)
          console.log(response.headers.get('content-type'), await response.text())
          await close()
          server.close()
          server.closeAllConnections()
        })`,
      )
      expect(printed).toMatch(/^text\/plain/)
      expect(printed).toContain('baileys_auth_open_sessions 1\n')
      expect(printed).toContain('baileys_auth_events_total{event="session.opened"} 1\n')
    })

    test('OpenTelemetry, printed', async () => {
      const printed = await run(
        'opentelemetry',
        `store.useAuthState('another-account').then(() => provider.shutdown())`,
      )
      expect(printed).toContain("name: 'baileys_auth.open.duration'")
      expect(printed).toContain("name: 'baileys_auth.open_sessions'")
      expect(printed).toContain("{ event: 'session.opened' }")
    })
  })

  test('names every figure, histogram and event that there is', () => {
    const { Declarations } = require('../types/declarations')
    const declared = new Declarations()
    const names = [...declared.membersOf('StoreStats'), ...declared.membersOf('StoreHistograms')]
    expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([])
    const source = fs.readFileSync(path.join(PROJECT, 'index.d.ts'), 'utf8')
    const events = [...source.matchAll(/AuditEventOf<'(.+?)'>/g)].map(([, event]) => event)
    expect(events).toContain('session.opened')
    expect(events.filter((event) => !text.includes(`\`${event}\``))).toEqual([])
  })
})
