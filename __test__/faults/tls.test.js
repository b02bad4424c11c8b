'use strict'

const { certificates, read } = require('../support/certificates')
const { createDatabase } = require('../support/database')
const { startTlsServer } = require('../support/tls-server')
const { makeProxy } = require('./stores')
const connection = require('./tls-connection')

// The server's certificate is made out to the name `database.test` and the address 127.0.0.1.

const { authority, anotherAuthority, server: named, client } = certificates
const { expectTlsRefused, withParameters } = connection

let server, plain, db

beforeAll(async () => {
  plain = process.env.TEST_DATABASE_URL
  server = await startTlsServer()
  process.env.TEST_DATABASE_URL = server.url()
  db = await createDatabase()
})

afterAll(() => server.stop())

const underName = (name, parameters) => connection.underName(db.url, name, parameters)
const use = (databaseUrl, options) => connection.use(db, databaseUrl, options)

const encrypted = expect.objectContaining({ ssl: true })

describe('sslmode', () => {
  test('no sslmode is prefer', async () => {
    expect(await use(db.url)).toEqual(encrypted)
  })

  test('verify-full accepts a certificate for the name, too', async () => {
    const parameters = { sslmode: 'verify-full', sslrootcert: authority }
    expect(await use(underName(named.hostName, parameters))).toEqual(encrypted)
  })

  test.each([
    [{ sslmode: 'verify-ca' }],
    [{ sslmode: 'verify-full' }],
    [{ sslmode: 'require', sslrootcert: 'system' }],
  ])('%j trusts the authorities of the system, which do not know ours', async (parameters) => {
    const error = await expectTlsRefused(withParameters(db.url, parameters))
    expect(error.message).toContain('name its authority with sslrootcert or tls.ca')
  })
})

describe('a server without TLS', () => {
  test.each(['require', 'verify-ca', 'verify-full'])(
    'is refused under sslmode=%s, before the password is sent',
    async (sslmode) => {
      const proxy = await makeProxy(plain)
      const databaseUrl = withParameters(proxy.url(plain), { sslmode, sslrootcert: authority })
      await expectTlsRefused(databaseUrl)
      expect(proxy.accepted).toBeGreaterThan(0)
      // The request for TLS, eight bytes, is all that was sent.
      expect(proxy.bytesToServer).toBe(8 * proxy.accepted)
    },
  )

  test('is refused when the tls option is given', async () => {
    await expectTlsRefused(plain, { tls: { mode: 'require' } })
    await expectTlsRefused(plain, { tls: {} })
  })
})

test('when the handshake breaks off, the next try is encrypted too', async () => {
  // As a man in the middle might do it, in the hope that the client then goes without TLS.
  const proxy = await makeProxy(db.url)
  const dropped = proxy.dropReply('S')
  expect(await use(withParameters(proxy.url(db.url), { sslmode: 'require' }))).toEqual(encrypted)
  await dropped
})

describe("Prisma's parameters", () => {
  test('sslcert without sslkey is the authority, and sslaccept=strict verifies', async () => {
    const parameters = { sslmode: 'require', sslcert: authority, sslaccept: 'strict' }
    expect(await use(withParameters(db.url, parameters))).toEqual(encrypted)
    await expectTlsRefused(underName('another.test', parameters))
    await expectTlsRefused(withParameters(db.url, { ...parameters, sslcert: anotherAuthority }))
  })

  test('sslaccept=accept_invalid_certs does not', async () => {
    const parameters = { sslmode: 'require', sslaccept: 'accept_invalid_certs' }
    expect(await use(underName('another.test', parameters))).toEqual(encrypted)
  })
})

describe('the tls option', () => {
  test('verifies fully unless told otherwise, whatever the connection string says', async () => {
    const lax = withParameters(db.url, { sslmode: 'disable' })
    expect(await use(lax, { tls: { ca: read(authority) } })).toEqual(encrypted)
    expect(await use(lax, { tls: { ca: Buffer.from(read(authority)) } })).toEqual(encrypted)
    await expectTlsRefused(underName('another.test'), { tls: { ca: read(authority) } })
    await expectTlsRefused(lax, { tls: { ca: read(anotherAuthority) } })
    await expectTlsRefused(lax, { tls: {} })
  })

  test('takes a mode', async () => {
    const ca = read(authority)
    const other = underName('another.test')
    expect(await use(other, { tls: { mode: 'require' } })).toEqual(encrypted)
    expect(await use(other, { tls: { mode: 'verify-ca', ca } })).toEqual(encrypted)
    await expectTlsRefused(other, { tls: { mode: 'verify-full', ca } })
  })

  test("takes the client's certificate and key", async () => {
    const url = new URL(db.url)
    Object.assign(url, { username: client.role, password: '' })
    const { cert, key } = client
    const tls = { ca: read(authority), cert: read(cert), key: read(key) }
    expect(await use(url.href, { tls })).toEqual({ ssl: true, usename: client.role })
  })

  test.each([
    ['ca', { ca: 'no certificate' }],
    ['cert without key', { ca: read(authority), cert: read(client.cert) }],
    ['key of another certificate', { cert: read(client.cert), key: read(named.key) }],
  ])('that is unusable (%s) is ERR_TLS', (_, tls) => expectTlsRefused(db.url, { tls }))
})
