'use strict'

const { once } = require('node:events')
const net = require('node:net')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { startPostgres } = require('../support/postgres')
const { expectRefused, makeProxy, makeStore, readStored } = require('./stores')

// Several hosts in one connection string: the first one that is alive and can be written to is used.

let db, deadPort

beforeAll(async () => {
  db = await createDatabase({ accounts: ['a'] })
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  deadPort = listener.address().port
  listener.close()
  await once(listener, 'close')
})

afterAll(() => db.drop())

/** The database's connection string with other hosts in front of its own. */
function withHosts(...ports) {
  const { username, password, port, pathname } = new URL(db.url)
  const hosts = [...ports, port].map((each) => `127.0.0.1:${each}`)
  return `postgresql://${username}:${password}@${hosts}${pathname}`
}

async function write(databaseUrl, n, options) {
  const { state } = await makeStore(databaseUrl, options).useAuthState('a')
  await state.keys.set({ session: { a: { n } } })
  expect((await readStored(db, 'a')).keys).toEqual({ 'session-a': { n } })
}

test('a dead first host is passed over, in the URL form', () => write(withHosts(deadPort), 1))

test('a dead first host is passed over, in the keyword form', async () => {
  const { username, password, port, pathname } = new URL(db.url)
  await write(
    `host=127.0.0.1,127.0.0.1 port=${deadPort},${port} user=${username} password=${password}
     dbname=${pathname.slice(1)} target_session_attrs=read-write`,
    2,
  )
})

test('a first host that is silent is passed over', async () => {
  const proxy = await makeProxy(db.url)
  proxy.pause()
  await write(`${withHosts(proxy.port)}?connect_timeout=1`, 3)
})

test('a first host that stays silent holds no call up for longer than a write goes on trying', async () => {
  const proxy = await makeProxy(db.url)
  proxy.pause()
  // Less than a host may take to connect.
  await write(withHosts(proxy.port), 7, { writeTimeoutMs: 3_000 })
})

test('a host that dies later is left for the next one', async () => {
  const proxy = await makeProxy(db.url)
  const { state } = await makeStore(withHosts(proxy.port)).useAuthState('a')
  await state.keys.set({ session: { a: { n: 4 } } })
  expect(proxy.accepted).toBeGreaterThan(0)
  proxy.refuse()
  proxy.cut()
  await state.keys.set({ session: { a: { n: 5 } } })
  expect((await readStored(db, 'a')).keys).toEqual({ 'session-a': { n: 5 } })
})

test('no host that answers is ERR_DB_UNAVAILABLE', async () => {
  const databaseUrl = `postgresql://user@127.0.0.1:${deadPort},127.0.0.1:${deadPort}/db`
  const store = makeStore(databaseUrl, { writeTimeoutMs: 300 })
  await expectRefused(store.useAuthState('a'), 'ERR_DB_UNAVAILABLE')
})

describe('a first host that is read-only, such as a standby', () => {
  let standby, port

  beforeAll(async () => {
    standby = await startPostgres()
    port = standby.port
    const { username, password, pathname } = new URL(db.url)
    const admin = new Client({ connectionString: standby.url() })
    await admin.connect()
    // It has to let the same role in, with the same password.
    await admin.query(`ALTER ROLE ${username} PASSWORD '${password}'`)
    await admin.query(`CREATE DATABASE ${pathname.slice(1)}`)
    await admin.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await admin.query('SELECT pg_reload_conf()')
    await admin.end()
  })

  afterAll(() => standby.stop())

  test.each(['', '?target_session_attrs=read-write', '?target_session_attrs=primary'])(
    'is passed over (%s)',
    (parameters) => write(`${withHosts(port)}${parameters}`, 6),
  )
})
