'use strict'

const { certificates } = require('../support/certificates')
const { createDatabase } = require('../support/database')
const { REQUEST, REQUESTS, startMiddle } = require('../support/tls-middle')
const { UNASKED, present, startTlsServer } = require('../support/tls-server')
const { expectRefused, makeStore } = require('./stores')
const { expectTlsRefused, underName, use, withParameters } = require('./tls-connection')

const { authority, anotherAuthority, server: own } = certificates
const { odd } = own

let server, db, plainDb
const middles = []

beforeAll(async () => {
  server = await startTlsServer()
  db = await createDatabase({ serverUrl: server.url() })
  plainDb = await createDatabase()
})

afterEach(() => Promise.all(middles.splice(0).map((middle) => middle.close())))

afterAll(async () => {
  await plainDb.drop()
  await server.stop()
})

// What comes of it: a connection with TLS, one without, or an error that says this.
const TLS = true
const CLEAR = false
const NONE = /does not offer it; turn it on there \(ssl = on\)/
const NAME = /made out to another host; connect by a name that it is made out to/
const ISSUER = /no authority that is trusted here; name its authority with sslrootcert or tls\.ca/
const EXPIRED = /has expired; give the server a new one/
const EARLY = /not valid yet; check the clocks/

/** By mode: as the parameters have it, and whether with the authority. */
const MODES = {
  disable: {},
  prefer: {},
  require: {},
  'require with an authority': { sslmode: 'require', checks: true },
  'verify-ca': { checks: true },
  'verify-full': { checks: true },
}

const ANOTHER_NAME = 'another.test'

describe.each([
  // Which certificate, which authority is trusted, by which name: what each mode makes of it.
  ['in order', own, authority, null, [CLEAR, TLS, TLS, TLS, TLS, TLS]],
  ['for another name', own, authority, ANOTHER_NAME, [CLEAR, TLS, TLS, TLS, TLS, NAME]],
  ['of another authority', own, anotherAuthority, null, [CLEAR, TLS, TLS, ISSUER, ISSUER, ISSUER]],
  ['expired', odd.expired, authority, null, [CLEAR, TLS, TLS, EXPIRED, EXPIRED, EXPIRED]],
  ['not valid yet', odd.notYetValid, authority, null, [CLEAR, TLS, TLS, EARLY, EARLY, EARLY]],
  [
    'its own authority',
    odd.selfSigned,
    odd.selfSigned.cert,
    null,
    [CLEAR, TLS, TLS, TLS, TLS, TLS],
  ],
  [
    'its own authority, for another name',
    odd.selfSigned,
    odd.selfSigned.cert,
    ANOTHER_NAME,
    [CLEAR, TLS, TLS, TLS, TLS, NAME],
  ],
  [
    'its own authority, expired',
    odd.selfSignedExpired,
    odd.selfSignedExpired.cert,
    null,
    [CLEAR, TLS, TLS, EXPIRED, EXPIRED, EXPIRED],
  ],
  [
    'its own authority, which is not named',
    odd.selfSigned,
    authority,
    null,
    [CLEAR, TLS, TLS, ISSUER, ISSUER, ISSUER],
  ],
  [
    'not there: the server has no TLS',
    null,
    authority,
    null,
    [CLEAR, CLEAR, NONE, NONE, NONE, NONE],
  ],
])("the server's certificate is %s", (_, certificate, root, name, outcomes) => {
  beforeAll(async () => {
    if (certificate) await present(server, certificate)
  })

  test.each(
    Object.entries(MODES).map(([mode, { sslmode = mode, checks }], at) => [
      mode,
      { sslmode, ...(checks && { sslrootcert: root }) },
      outcomes[at],
    ]),
  )('sslmode=%s', async (_mode, parameters, outcome) => {
    const there = certificate ? db : plainDb
    const databaseUrl = name
      ? underName(there.url, name, parameters)
      : withParameters(there.url, parameters)
    if (typeof outcome === 'boolean') {
      expect(await use(there, databaseUrl)).toMatchObject({ ssl: outcome })
    } else {
      const error = await expectTlsRefused(databaseUrl)
      expect(error.message).toMatch(outcome)
    }
  })
})

describe('somebody in the middle', () => {
  let password

  beforeAll(async () => {
    password = new URL(db.url).password
    await present(server, own)
  })

  /** Their way, and what they can look for: the role's name and the database's stand in a login. */
  async function stepIn(certificate, ask) {
    const middle = await startMiddle(db.url, certificate, ask)
    middles.push(middle)
    return middle
  }

  test.each([
    ['require', {}],
    ['verify-ca', { sslrootcert: authority }],
    ['verify-full', { sslrootcert: authority }],
  ])('who says that there is no TLS sees no login under sslmode=%s', async (sslmode, more) => {
    const middle = await stepIn()
    const databaseUrl = withParameters(middle.url(db.url), { sslmode, ...more })
    expect((await expectTlsRefused(databaseUrl)).message).toMatch(NONE)
    const requests = middle.seen.length / REQUEST.length
    expect(requests).toBeGreaterThanOrEqual(1)
    expect(middle.seen).toEqual(Buffer.concat(Array(requests).fill(REQUEST)))
  })

  test('who says so gets a login under prefer, which promises nothing, but for channel_binding=require', async () => {
    const middle = await stepIn()
    expect(await use(db, middle.url(db.url))).toMatchObject({ ssl: false })
    expect(middle.seen.includes(db.name)).toBe(true)
    const bound = withParameters(middle.url(db.url), { channel_binding: 'require' })
    expect((await expectTlsRefused(bound)).message).toContain('channel_binding=require')
  })

  test.each(['verify-ca', 'verify-full'])(
    'with a certificate of their own sees no login under sslmode=%s',
    async (sslmode) => {
      const middle = await stepIn(odd.selfSigned)
      const parameters = { sslmode, sslrootcert: authority }
      const error = await expectTlsRefused(withParameters(middle.url(db.url), parameters))
      expect(error.message).toMatch(ISSUER)
      expect(middle.seen.includes(db.name)).toBe(false)
    },
  )

  test.each(['prefer', 'require'])(
    'with a certificate of their own is found out by the server under channel_binding=%s',
    async (binding) => {
      const middle = await stepIn(odd.selfSigned)
      const parameters = { sslmode: 'require', channel_binding: binding }
      const databaseUrl = withParameters(middle.url(db.url), parameters)
      const error = await expectRefused(
        makeStore(databaseUrl).useAuthState('a'),
        'ERR_DB_UNAVAILABLE',
      )
      expect(error.message).toContain('channel binding')
      expect(error.sqlState).toMatch(/^28/)
    },
  )

  test.each([
    ['unbound', 'a login that is not bound'],
    ['password', 'the password itself'],
  ])('who asks for %s, gets nothing under channel_binding=require', async (kind) => {
    const middle = await stepIn(odd.selfSigned, REQUESTS[kind])
    const parameters = { sslmode: 'require', channel_binding: 'require' }
    const error = await expectTlsRefused(withParameters(middle.url(db.url), parameters))
    expect(error.message).toContain('channel_binding=require')
    expect(middle.answers).toHaveLength(0)
  })

  test('who asks for a login that is not bound is found out by the server under channel_binding=prefer', async () => {
    const middle = await stepIn(odd.selfSigned, REQUESTS.unbound)
    const databaseUrl = withParameters(middle.url(db.url), { sslmode: 'require' })
    const error = await expectRefused(
      makeStore(databaseUrl).useAuthState('a'),
      'ERR_DB_UNAVAILABLE',
    )
    expect(error.message).toContain('channel binding')
    expect(middle.answers.includes(password)).toBe(false)
  })

  test('who asks for the password itself gets it when nothing forbids it, as with libpq', async () => {
    const middle = await stepIn(odd.selfSigned, REQUESTS.password)
    const databaseUrl = withParameters(middle.url(db.url), { sslmode: 'require' })
    await expectRefused(
      makeStore(databaseUrl, { writeTimeoutMs: 500 }).useAuthState('a'),
      'ERR_DB_UNAVAILABLE',
    )
    expect(middle.answers.includes(password)).toBe(true)
  })

  test('is found out by nobody when the login is not bound and the certificate not verified', async () => {
    const middle = await stepIn(odd.selfSigned)
    const parameters = { sslmode: 'require', channel_binding: 'disable' }
    expect(await use(db, withParameters(middle.url(db.url), parameters))).toMatchObject({
      ssl: true,
    })
    expect(middle.seen.includes(db.name)).toBe(true)
  })
})

describe('channel_binding', () => {
  beforeAll(() => present(server, own))

  const unasked = (url) => Object.assign(new URL(url), { username: UNASKED, password: '' }).href

  test.each([
    ['require over TLS', 'require', 'require', (url) => url, TLS],
    ['prefer over TLS', 'prefer', 'require', (url) => url, TLS],
    ['disable over TLS', 'disable', 'require', (url) => url, TLS],
    ['prefer without TLS', 'prefer', 'disable', (url) => url, CLEAR],
    ['require without TLS', 'require', 'disable', (url) => url, null],
    ['require, where no password is asked for', 'require', 'require', unasked, null],
    ['prefer, where no password is asked for', 'prefer', 'require', unasked, TLS],
  ])('%s', async (_, binding, sslmode, role, outcome) => {
    const databaseUrl = withParameters(role(db.url), { channel_binding: binding, sslmode })
    if (outcome === null) {
      const error = await expectTlsRefused(databaseUrl)
      expect(error.message).toContain('channel_binding=require')
    } else {
      expect(await use(db, databaseUrl)).toMatchObject({ ssl: outcome })
    }
  })
})
