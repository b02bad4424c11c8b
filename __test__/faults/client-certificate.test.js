'use strict'

const { inspect } = require('node:util')
const { certificates } = require('../support/certificates')
const { createDatabase } = require('../support/database')
const { startTlsServer } = require('../support/tls-server')
const { expectRefused, makeStore } = require('./stores')

// A role that may log in by its certificate alone, with the parameters of libpq's and of Prisma's connection strings.

const { authority, server: named, client } = certificates

let server, db

beforeAll(async () => {
  server = await startTlsServer()
  process.env.TEST_DATABASE_URL = server.url()
  db = await createDatabase({ accounts: ['a'] })
})

afterAll(() => server.stop())

function connect(parameters) {
  const url = new URL(db.url)
  Object.assign(url, { username: client.role, password: '' })
  for (const [name, value] of Object.entries({ sslmode: 'require', ...parameters })) {
    url.searchParams.set(name, value)
  }
  return makeStore(url.href).useAuthState('a')
}

async function expectIn(parameters) {
  const { saveCreds, close } = await connect(parameters)
  await saveCreds()
  await close()
}

async function expectOut(parameters, code) {
  const error = await expectRefused((async () => connect(parameters))(), code)
  expect(inspect(error, { depth: null })).not.toContain(client.password)
  return error
}

const { cert: sslcert, key: sslkey, archives, password: sslpassword } = client

test('sslcert and sslkey let the role in', () => expectIn({ sslcert, sslkey }))

test('sslcert and sslkey work beside sslrootcert', () =>
  expectIn({ sslmode: 'verify-full', sslrootcert: authority, sslcert, sslkey }))

test.each(Object.entries(archives))('a %s PKCS#12 archive lets the role in', (_, sslidentity) =>
  expectIn({ sslidentity, sslpassword }),
)

test('a PKCS#12 archive works beside the authority, as Prisma names it', () =>
  expectIn({ sslidentity: archives.modern, sslpassword, sslcert: authority, sslaccept: 'strict' }))

test.each([{}, { sslpassword: '' }])('a PKCS#12 archive needs no password (%j)', (parameters) =>
  expectIn({ sslidentity: client.archiveWithoutPassword, ...parameters }),
)

test('a certificate that the server does not accept is ERR_TLS, which says whose it is', async () => {
  const error = await expectOut({ sslcert: named.cert, sslkey: named.key }, 'ERR_TLS')
  expect(error.message).toContain("does not accept the client's certificate")
})

test('without a certificate the role stays out, with the SQLSTATE that says why', async () => {
  const error = await expectOut({}, 'ERR_DB_UNAVAILABLE')
  expect(error.sqlState).toBe('28000')
})

test('a wrong password for the archive is ERR_TLS', () =>
  expectOut({ sslidentity: archives.modern, sslpassword: `${sslpassword}x` }, 'ERR_TLS'))

test('an archive that is none is ERR_TLS', () =>
  expectOut({ sslidentity: sslcert, sslpassword }, 'ERR_TLS'))

test('a key of another certificate is ERR_TLS', () =>
  expectOut({ sslcert, sslkey: named.key }, 'ERR_TLS'))

test('a key that is no key is ERR_TLS', () => expectOut({ sslcert, sslkey: authority }, 'ERR_TLS'))

test('a file that is not there is ERR_CONFIG, by the parameter', async () => {
  const error = await expectOut({ sslcert, sslkey: 'no-such-file.key' }, 'ERR_CONFIG')
  expect(error.message).toContain('sslkey')
})
