'use strict'

const { hostname } = require('node:os')
const { KINDS: COMMON, oneOf } = require('./call-options.js')
const { SessionStoreError } = require('./errors.js')
const { Observer } = require('./observer.js')

const DEFAULT_WRITE_TIMEOUT_MS = 10_000
const DEFAULT_SCHEMA = 'baileys_auth'
const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024

/**
 * Checks a store's options, fills in the environment, and gives the native part's settings, and the options that stay
 * in JavaScript. Options are read once: what a getter gives later does not count.
 */
function resolveOptions(options = {}) {
  try {
    return resolve(options)
  } catch (error) {
    throw SessionStoreError.isOurs(error) ? error : configError('options', 'they cannot be read')
  }
}

function resolve(options) {
  check('options', options, KINDS.object)
  const given = { ...fromEnvironment(process.env), ...withoutUndefined(options) }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(OPTIONS, name)) throw configError(name, 'there is no such option')
    check(name, value, OPTIONS[name])
  }
  requireGiven(given, 'databaseUrl', 'DATABASE_URL=postgresql://user:password@host:5432/database')
  requireGiven(
    given,
    'secret',
    'WHATSAPP_SESSION_SECRET, for example to what `openssl rand -base64 32` prints',
  )
  const { baileys } = given
  const settings = {
    databaseUrl: given.databaseUrl,
    secret: given.secret,
    previousSecrets: Array.from(given.previousSecrets ?? []),
    layout: given.layout,
    schema: given.schema ?? DEFAULT_SCHEMA,
    autoMigrate: given.autoMigrate ?? true,
    onUnreadable: given.onUnreadable ?? 'throw',
    cacheBytes: given.cacheBytes ?? DEFAULT_CACHE_BYTES,
    owner: `${hostname()}:${process.pid}`,
    accountsTable: accountsTable(given.accountsTable ?? {}),
    pool: section('pool', given.pool ?? {}, POOL),
    tls: given.tls && tls(section('tls', given.tls, TLS)),
    writeTimeoutMs: given.writeTimeoutMs ?? DEFAULT_WRITE_TIMEOUT_MS,
    synchronousCommit: given.durability === 'server' ? undefined : given.durability,
  }
  return { settings, baileys, observer: new Observer(given) }
}

const KINDS = {
  object: [(value) => typeof value === 'object' && value !== null, 'it must be an object'],
  func: COMMON.func,
  string: [
    (value) => typeof value === 'string' && value !== '',
    'it must be a string that is not empty',
  ],
  secrets: [
    // Each costs a derivation when the first account is opened.
    (value) =>
      Array.isArray(value) && value.length <= 8 && value.every((item) => typeof item === 'string'),
    'it must be an array of at most 8 strings',
  ],
  count: COMMON.count,
  bytes: [
    (value) => Number.isSafeInteger(value) && value >= 0,
    'it must be a whole number of bytes',
  ],
  flag: COMMON.flag,
  name: [
    (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
    'it must be the name of a table or column',
  ],
  pem: [
    (value) => typeof value === 'string' || value instanceof Uint8Array,
    'it must be PEM, as a string or bytes',
  ],
}

const OPTIONS = {
  databaseUrl: KINDS.string,
  secret: KINDS.string,
  previousSecrets: KINDS.secrets,
  layout: oneOf('rows', 'column'),
  schema: KINDS.name,
  autoMigrate: KINDS.flag,
  onUnreadable: oneOf('throw', 'fresh'),
  cacheBytes: KINDS.bytes,
  accountsTable: KINDS.object,
  pool: KINDS.object,
  tls: KINDS.object,
  writeTimeoutMs: KINDS.count,
  durability: oneOf('server', 'on', 'remote_apply'),
  logger: KINDS.object,
  baileys: KINDS.object,
  onAudit: KINDS.func,
  onSuperseded: KINDS.func,
}

const ACCOUNTS_TABLE = {
  schema: KINDS.name,
  table: KINDS.name,
  id: KINDS.name,
  sessionData: KINDS.name,
  updatedAt: [(value) => value === null || KINDS.name[0](value), KINDS.name[1]],
}

const POOL = {
  size: KINDS.count,
  waitTimeoutMs: KINDS.count,
  connectTimeoutMs: KINDS.count,
  recycleTimeoutMs: KINDS.count,
}

const TLS = {
  mode: oneOf('require', 'verify-ca', 'verify-full'),
  ca: KINDS.pem,
  cert: KINDS.pem,
  key: KINDS.pem,
}

function accountsTable(names) {
  const { updatedAt, ...others } = section('accountsTable', names, ACCOUNTS_TABLE)
  // The native part takes an empty name for "there is none".
  return { ...others, ...(updatedAt !== undefined && { updatedAt: updatedAt ?? '' }) }
}

function tls({ mode, ...pems }) {
  const texts = Object.entries(pems).map(([name, pem]) => [
    name,
    typeof pem === 'string' ? pem : Buffer.from(pem).toString(),
  ])
  return { ...(mode !== undefined && { mode }), ...Object.fromEntries(texts) }
}

function section(name, values, kinds) {
  const given = withoutUndefined(values)
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, key)) throw configError(`${name}.${key}`, 'there is no such option')
    check(`${name}.${key}`, value, kinds[key])
  }
  return given
}

function fromEnvironment(env) {
  const number = (text) => (text === undefined ? undefined : Number(text))
  const flag = (text) => ({ true: true, false: false })[text] ?? text
  // One a line: any other separator may be part of a secret, as a comma or a space may.
  const lines = env.WHATSAPP_SESSION_SECRET_PREVIOUS?.split(/\r?\n/).filter((line) => line !== '')
  const size = number(env.BAILEYS_AUTH_POOL_SIZE || undefined)
  return withoutUndefined({
    databaseUrl: env.DATABASE_URL || undefined,
    secret: env.WHATSAPP_SESSION_SECRET || undefined,
    previousSecrets: lines,
    layout: env.BAILEYS_AUTH_LAYOUT || undefined,
    autoMigrate: flag(env.BAILEYS_AUTH_AUTO_MIGRATE || undefined),
    onUnreadable: env.BAILEYS_AUTH_ON_UNREADABLE || undefined,
    cacheBytes: number(env.BAILEYS_AUTH_CACHE_BYTES || undefined),
    writeTimeoutMs: number(env.BAILEYS_AUTH_WRITE_TIMEOUT_MS || undefined),
    pool: size === undefined ? undefined : { size },
  })
}

function withoutUndefined(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function check(name, value, [isRight, problem]) {
  if (!isRight(value)) throw configError(name, problem)
}

function requireGiven(given, name, variable) {
  if (given[name] === undefined) {
    throw configError(name, `it is missing; give it as an option or set ${variable}`)
  }
}

/** Names the setting; never its value, which could be a secret. */
function configError(name, problem) {
  return new SessionStoreError('ERR_CONFIG', `${name}: ${problem}`)
}

/** The accounts table as the native part has it, of options that nobody has checked yet. */
function nativeAccountsTable(names) {
  check('accountsTable', names, KINDS.object)
  return accountsTable(names)
}

module.exports = { defaultSchema: DEFAULT_SCHEMA, nativeAccountsTable, resolveOptions }
