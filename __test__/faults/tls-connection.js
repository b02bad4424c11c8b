'use strict'

const { expectRefused, makeStore } = require('./stores')

let accounts = 0

/** The connection string with these parameters, too. */
function withParameters(databaseUrl, parameters) {
  const url = new URL(databaseUrl)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  // A space would become `+`, which is none in a connection string.
  return url.href.replaceAll('+', '%20')
}

/** The same server under another host name, which no name server knows. */
function underName(databaseUrl, name, parameters) {
  const url = new URL(databaseUrl)
  url.hostname = name
  return withParameters(url.href, { hostaddr: '127.0.0.1', ...parameters })
}

/** Opens an account of its own and writes; gives what the server says of the connection. */
async function use(db, databaseUrl, options) {
  const account = `account-${++accounts}`
  await db.addAccount(account)
  const store = makeStore(withParameters(databaseUrl, { application_name: account }), options)
  const { saveCreds } = await store.useAuthState(account)
  await saveCreds()
  const { rows } = await db.query(
    `SELECT ssl, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1`,
    [account],
  )
  await store.close()
  return rows[0]
}

/** Asserts that no connection comes about; gives the error. */
async function expectTlsRefused(databaseUrl, options) {
  const error = await expectRefused(
    (async () => makeStore(databaseUrl, options).useAuthState('a'))(),
    'ERR_TLS',
  )
  expect(error.operation).toBe('open')
  return error
}

module.exports = { expectTlsRefused, underName, use, withParameters }
