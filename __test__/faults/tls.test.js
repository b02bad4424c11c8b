'use strict'

const { certificates, read } = require('../support/certificates')
const { createDatabase } = require('../support/database')
const { startTlsServer } = require('../support/tls-server')
const { expectRefused, makeProxy, makeStore } = require('./stores')

// The server's certificate is made out to the name `database.test` and the address 127.0.0.1.

const { authority, anotherAuthority, server: named, client } = certificates

let server, plain, db, accounts

beforeAll(async () => {
  plain = process.env.TEST_DATABASE_URL
  server = await startTlsServer()
  process.env.TEST_DATABASE_URL = server.url()
  accounts = 0
  db = await createDatabase()
})

afterAll(() => server.stop())

function withParameters(databaseUrl, parameters) {
  const url = new URL(databaseUrl)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  // A space would become `+`, which is none in a connection string.
  return url.href.replaceAll('+', '%20')
}

/** The database under another host name, which no name server knows. */
function underName(name, parameters) {
  const url = new URL(db.url)
  url.hostname = name
  return withParameters(url.href, { hostaddr: '127.0.0.1', ...parameters })
}

/** Opens and writes; gives what the server says of the connection. */
async function use(databaseUrl, options) {
  const account = `account-${++accounts}`
  await db.addAccount(account)
  const store = makeStore(withParameters(databaseUrl, { application_name: account }), options)
  const { saveCreds } = await store.useAuthState(account)
  await saveCreds()
  const { rows } = await db.query(
    `SELECT ssl, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1`,
    [account],
  )
  return rows[0]
}

/** Asserts that no connection comes about. */
async function expectTlsRefused(databaseUrl, options) {
  const error = await expectRefused(
    (async () => makeStore(databaseUrl, options).useAuthState('a'))(),
    'ERR_TLS',
  )
  expect(error.operation).toBe('open')
}

const encrypted = expect.objectContaining({ ssl: true })

describe('sslmode', () => {
  test('require encrypts', async () => {
    expect(await use(withParameters(db.url, { sslmode: 'require' }))).toEqual(encrypted)
  })

  test('prefer encrypts, and so does no sslmode, where the server can', async () => {
    expect(await use(withParameters(db.url, { sslmode: 'prefer' }))).toEqual(encrypted)
    expect(await use(db.url)).toEqual(encrypted)
  })

  test('disable does not', async () => {
    expect(await use(withParameters(db.url, { sslmode: 'disable' }))).toMatchObject({ ssl: false })
  })

  test('verify-full accepts a certificate of the authority for the address, and for the name', async () => {
    const parameters = { sslmode: 'verify-full', sslrootcert: authority }
    expect(await use(withParameters(db.url, parameters))).toEqual(encrypted)
    expect(await use(underName(named.hostName, parameters))).toEqual(encrypted)
  })

  test('verify-full refuses another name', async () => {
    const parameters = { sslmode: 'verify-full', sslrootcert: authority }
    await expectTlsRefused(underName('another.test', parameters))
  })

  test('verify-ca accepts another name', async () => {
    const parameters = { sslmode: 'verify-ca', sslrootcert: authority }
    expect(await use(underName('another.test', parameters))).toEqual(encrypted)
  })

  test.each(['verify-ca', 'verify-full'])('%s refuses another authority', async (sslmode) => {
    await expectTlsRefused(withParameters(db.url, { sslmode, sslrootcert: anotherAuthority }))
  })

  test.each(['verify-ca', 'verify-full'])(
    '%s without an authority trusts the system, which does not know ours',
    async (sslmode) => {
      await expectTlsRefused(withParameters(db.url, { sslmode }))
    },
  )

  test('require with an authority checks it, as libpq does', async () => {
    const parameters = { sslmode: 'require', sslrootcert: authority }
    expect(await use(underName('another.test', parameters))).toEqual(encrypted)
    const wrong = { sslmode: 'require', sslrootcert: anotherAuthority }
    await expectTlsRefused(withParameters(db.url, wrong))
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

test('SCRAM binds the password to the TLS connection where that is required', async () => {
  const binding = { channel_binding: 'require' }
  expect(await use(withParameters(db.url, { ...binding, sslmode: 'require' }))).toEqual(encrypted)
  const clear = withParameters(db.url, { ...binding, sslmode: 'disable' })
  await expectRefused(makeStore(clear).useAuthState('a'), 'ERR_DB_UNAVAILABLE', 'ERR_TLS')
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
