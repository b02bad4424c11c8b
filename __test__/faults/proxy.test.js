'use strict'

const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: delay } = require('node:timers/promises')
const { Client } = require('pg')
const { createDatabase } = require('../support/database')
const { startProxy } = require('../support/proxy')

// The faults that the other tests rely on, shown to happen.

let db, proxy
const clients = []

beforeAll(async () => {
  db = await createDatabase({ accounts: ['a'] })
})

afterAll(() => db.drop())

beforeEach(async () => {
  proxy = await startProxy(db.url)
})

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {})
  await proxy.close()
})

async function connect() {
  const client = new Client({ connectionString: proxy.url(db.url), connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

async function elapsed(work) {
  const from = performance.now()
  await work()
  return performance.now() - from
}

const rename = (client, name) =>
  client.query(`UPDATE whatsapp_accounts SET name = $1 WHERE id = 'a'`, [name])

async function storedName() {
  const { rows } = await db.query('SELECT name FROM whatsapp_accounts')
  return rows[0].name
}

test('connections come through and are counted', async () => {
  const first = await connect()
  await connect()
  expect(proxy).toMatchObject({ connections: 2, accepted: 2 })
  await first.end()
  while (proxy.connections > 1) await delay(1)
  expect((await clients[1].query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('a megabyte each way arrives whole', async () => {
  const client = await connect()
  proxy.delay({ toServerMs: 1, toClientMs: 1 })
  const text = 'a lot of text '.repeat(80_000)
  const { rows } = await client.query('SELECT $1 AS text', [text])
  expect(rows[0].text).toBe(text)
})

test('each direction has a delay of its own', async () => {
  const client = await connect()
  for (const delays of [{ toServerMs: 100 }, { toClientMs: 100 }]) {
    proxy.delay(delays)
    const ms = await elapsed(() => client.query('SELECT 1'))
    expect(ms).toBeGreaterThan(95)
  }
})

test('a silent proxy loses nothing, and goes on where it was', async () => {
  const client = await connect()
  proxy.pause()
  const answer = client.query('SELECT 1 AS one')
  expect(await Promise.race([answer, delay(100, 'silent')])).toBe('silent')
  proxy.resume()
  expect((await answer).rows).toEqual([{ one: 1 }])
})

test('connections that are held are silent, and new ones come through', async () => {
  const client = await connect()
  proxy.hold()
  const answer = client.query('SELECT 1 AS one')
  expect((await (await connect()).query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }])
  expect(await Promise.race([answer, delay(100, 'silent')])).toBe('silent')
  proxy.release()
  expect((await answer).rows).toEqual([{ one: 1 }])
})

test('where only answers are held, requests are carried out', async () => {
  const client = await connect()
  proxy.hold({ toServer: false })
  const answer = rename(client, 'carried out')
  while ((await storedName()) !== 'carried out');
  expect(await Promise.race([answer, delay(100, 'silent')])).toBe('silent')
  proxy.release()
  await answer
})

test('requests with a text are counted, however they are cut into chunks', async () => {
  const client = await connect()
  proxy.countRequests('AS counted')
  const comment = `/* ${'x'.repeat(100_000)} */`
  for (const text of ['SELECT 1 AS counted', `SELECT 2 ${comment} AS counted`, 'SELECT 3 AS no']) {
    await client.query(text)
  }
  expect(proxy.requests).toBe(2)
})

test('a stalled proxy takes no bytes, and loses none', async () => {
  const client = await connect()
  proxy.stall()
  const before = proxy.bytesToServer
  const text = 'a lot of text '.repeat(1_000_000)
  const answer = client.query('SELECT length($1) AS length', [text])
  expect(await Promise.race([answer, delay(100, 'silent')])).toBe('silent')
  expect(proxy.bytesToServer).toBe(before)
  proxy.flow()
  expect((await answer).rows).toEqual([{ length: text.length }])
})

test.each([true, false])(
  'a half-closed connection ends for both (towards the server: %s)',
  async (toServer) => {
    const client = await connect()
    const ended = new Promise((resolve) => client.once('end', resolve))
    expect(proxy.inUse).toHaveLength(1)
    proxy.halfClose({ toServer })
    await ended
    while (proxy.inUse.length > 0) await delay(1)
    await connect()
  },
)

test('a cut breaks a request under way', async () => {
  const client = await connect()
  const answer = client.query('SELECT pg_sleep(30)')
  setTimeout(() => proxy.cut(), 20)
  await expect(answer).rejects.toThrow(/terminated|ECONNRESET/)
  expect(proxy.connections).toBe(0)
})

test('new connections are refused until they are accepted again', async () => {
  proxy.refuse()
  await expect(connect()).rejects.toThrow(/terminated|ECONNRESET/)
  proxy.accept()
  await connect()
})

test('the reply to a request is dropped after the server has committed it', async () => {
  const client = await connect()
  const dropped = proxy.dropReply('UPDATE 1')
  const answer = rename(client, 'committed')
  await expect(answer).rejects.toThrow(/terminated|ECONNRESET/)
  await dropped
  expect(await storedName()).toBe('committed')
  await rename(await connect(), 'another')
  expect(await storedName()).toBe('another')
})

test('the end of what the client sends is passed on, and the server can still answer', async () => {
  const server = net.createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = await startProxy({ host: '127.0.0.1', port: server.address().port })
  const client = net.connect(own.port, own.host)
  const [accepted] = await once(server, 'connection')
  const heard = []
  accepted.setEncoding('utf8').on('data', (text) => heard.push(text))
  client.end('the last words')
  await once(accepted, 'end')
  expect(heard.join('')).toBe('the last words')
  accepted.end('heard')
  const [reply] = await once(client, 'data')
  expect(reply.toString()).toBe('heard')
  await own.close()
  server.close()
})
