/**
 * Keeps the authentication state of Baileys WhatsApp sessions in PostgreSQL, encrypted.
 *
 * The types are structural: they name no Baileys version, and both 6.7 and 7 accept them.
 */

/** A key pair as Baileys makes it. */
export interface KeyPair {
  private: Uint8Array
  public: Uint8Array
}

/** A signed pre-key. */
export interface SignedKeyPair {
  keyPair: KeyPair
  signature: Uint8Array
  keyId: number
  timestampS?: number
}

/**
 * The credentials of one account: the one mutable object that Baileys assigns to and that `saveCreds` serialises.
 * Fields that only some Baileys versions write are carried too; `additionalData` is the application's own.
 */
// biome-ignore lint/suspicious/noExplicitAny: the fields whose types differ between Baileys 6.7 and 7 have to fit both
type Loose = any
export interface AuthenticationCreds {
  noiseKey: KeyPair
  pairingEphemeralKeyPair: KeyPair
  signedIdentityKey: KeyPair
  signedPreKey: SignedKeyPair
  registrationId: number
  advSecretKey: string
  me?: Loose
  account?: Loose
  signalIdentities?: Loose[]
  myAppStateKeyId?: string
  firstUnuploadedPreKeyId: number
  nextPreKeyId: number
  lastAccountSyncTimestamp?: number
  platform?: string
  processedHistoryMessages: Loose[]
  accountSyncCounter: number
  accountSettings: Loose
  registered: boolean
  pairingCode: string | undefined
  lastPropHash: string | undefined
  routingInfo: Buffer | undefined
  additionalData?: Loose
}

/** The keys of one account, as Baileys' `SignalKeyStore` wants them, and what this store offers besides. */
export interface SignalKeyStore {
  /**
   * Reads records of one type. The answer holds exactly the requested ids, `null` for those that do not exist.
   * Every call gives fresh copies: what the caller does with them is not seen by anyone else.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CLOSED`, `ERR_SESSION_CLEARED`
   */
  get<Type extends string>(type: Type, ids: string[]): Promise<{ [id: string]: Loose }>
  /**
   * Writes records, all or nothing; a falsy value deletes. The values are taken at the call. Resolves when PostgreSQL
   * has committed them.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT` (circular, BigInt, nested too deep: nothing of the call is written),
   * `ERR_SESSION_SUPERSEDED`, `ERR_SESSION_CLEARED`, `ERR_ACCOUNT_NOT_FOUND`, `ERR_OVERLOADED`, `ERR_CLOSED`, `ERR_DB_*`
   */
  set(data: { [type: string]: { [id: string]: Loose } | undefined }): Promise<void>
  /** Deletes every key record of the account; the credentials stay. */
  clear(): Promise<void>
  /** Every record of one type, as `[id, value]`, as they stand when the iteration begins. */
  list(type: string): AsyncIterableIterator<[string, Loose]>
  /** The id of every record of one type, as they stand when the iteration begins. */
  listIds(type: string): AsyncIterableIterator<string>
}

/** Baileys' `AuthenticationState`. */
export interface AuthenticationState {
  creds: AuthenticationCreds
  keys: SignalKeyStore
}

/** What `useDatabaseAuthState` gives: Baileys' pair of `state` and `saveCreds`, and `close`. */
export interface DatabaseAuthState {
  state: AuthenticationState
  /**
   * Saves `state.creds` as they are now. Made to be handed over detached, `sock.ev.on('creds.update', saveCreds)`: it
   * takes no arguments, needs no `this`, and a failure is never an unhandled rejection; who awaits it gets the error.
   *
   * @throws {SessionStoreError} as `keys.set`, and `ERR_IDENTITY_CHANGED` for another account's identity
   */
  saveCreds: () => Promise<void>
  /** Waits until everything written so far is durable, then releases the account. Later calls get `ERR_CLOSED`. */
  close: () => Promise<void>
}

/** Where the accounts table and its columns are, when they are not named as in the original Prisma model. */
export interface AccountsTable {
  /** Default: the `schema` parameter of the connection string, else `public`. */
  schema?: string
  /** Default `whatsapp_accounts`. */
  table?: string
  /** The text column that holds the account id. Default `id`. */
  id?: string
  /** The nullable text column that holds the session. Default `session_data`. */
  sessionData?: string
  /** The timestamp column that is set, in UTC, with every write; `null` if the table has none. Default `updated_at`. */
  updatedAt?: string | null
}

/** The connection pool. */
export interface PoolOptions {
  /** Connections at most. Default: `connection_limit` of the connection string, else 8. Environment: `BAILEYS_AUTH_POOL_SIZE`. */
  size?: number
  /** How long an operation waits for a free connection, in ms. Default: `pool_timeout` of the connection string, else 10,000. */
  waitTimeoutMs?: number
  /** How long a new connection may take, TLS and login included, in ms. Default: `connect_timeout` of the connection string, else 5,000. */
  connectTimeoutMs?: number
  /** How long the check of a connection before its reuse may take, in ms. Default 2,000. */
  recycleTimeoutMs?: number
}

/** TLS settings; they overrule those of the connection string. Giving any of them asks for TLS. */
export interface TlsOptions {
  /**
   * `require`: encrypted, the server is not verified unless a `ca` is given; `verify-ca`: its certificate must be
   * signed by a trusted authority; `verify-full`: and be made out to the host name. Default `verify-full`.
   */
  mode?: 'require' | 'verify-ca' | 'verify-full'
  /** Trusted authorities, PEM. Default: the system's. */
  ca?: string | Uint8Array
  /** The client's certificate chain, PEM. */
  cert?: string | Uint8Array
  /** The client's private key, PEM. */
  key?: string | Uint8Array
}

/** The logger's shape is Baileys' `ILogger`; a pino logger fits. */
export interface Logger {
  debug(obj: unknown, msg?: string): void
  info(obj: unknown, msg?: string): void
  warn(obj: unknown, msg?: string): void
  error(obj: unknown, msg?: string): void
}

/** The parts of the Baileys module that are used: of `baileys` or `@whiskeysockets/baileys`. */
export interface BaileysModule {
  initAuthCreds: () => Loose
  proto: Loose
}

/** Options of a store. Everything has a default or an environment variable. */
export interface StoreOptions {
  /**
   * PostgreSQL's connection string, in libpq's URL or keyword form, with Prisma's parameters.
   * Environment: `DATABASE_URL`. Required.
   */
  databaseUrl?: string
  /** The secret that the key is derived from, at least 16 characters. Environment: `WHATSAPP_SESSION_SECRET`. Required. */
  secret?: string
  /**
   * Earlier secrets. A session that only one of these opens is read with it and sealed with `secret` when it is opened.
   * Environment: `WHATSAPP_SESSION_PREVIOUS_SECRETS`, one a line.
   */
  previousSecrets?: string[]
  /** How sessions are stored. `column`: the original service's layout, one encrypted JSON text an account. Environment: `BAILEYS_AUTH_LAYOUT`. */
  layout?: 'column'
  accountsTable?: AccountsTable
  pool?: PoolOptions
  tls?: TlsOptions
  /**
   * How long a read or write goes on trying through lost connections, failovers and restarts of the server, in ms.
   * Default 10,000. Environment: `BAILEYS_AUTH_WRITE_TIMEOUT_MS`.
   */
  writeTimeoutMs?: number
  /**
   * `synchronous_commit` of the writes. `server` leaves it as the server has it; weaker settings than `on` are not
   * offered, since an acknowledged write has to be durable. Default `server`.
   */
  durability?: 'server' | 'on' | 'remote_apply'
  /** Where warnings go. Default: nowhere. */
  logger?: Logger
  /** The Baileys module. Default: the installed `baileys`, else the installed `@whiskeysockets/baileys`. */
  baileys?: BaileysModule
  /** Called once for each handle that lost its account to a newer opener: the moment to close that socket. */
  onSuperseded?: (accountId: string) => void
}

/** A store's figures since it was made. */
export interface StoreStats {
  layout: 'column'
  /** Accounts that are open in this store. */
  openSessions: number
  /** Records that wait for their commit, and their size in bytes. */
  pendingRecords: number
  pendingBytes: number
  /** Records and commits that became durable, attempts that were repeated, and commits that failed for good. */
  committedRecords: number
  commits: number
  retries: number
  failedCommits: number
  pool: { size: number; idle: number; waiting: number; max: number }
}

/** Sessions in one database. */
export interface SessionStore {
  /** As {@link useDatabaseAuthState}, in this store. */
  useAuthState(accountId: string): Promise<DatabaseAuthState>
  /** As {@link clearDatabaseSession}, in this store. */
  clear(accountId: string): Promise<void>
  stats(): StoreStats
  /** Waits until everything written so far is durable, then closes every session and connection. */
  close(): Promise<void>
}

/**
 * Opens an account's session, or makes a fresh one where there is none, and becomes its owner: the writes of every
 * earlier opener, in this process or another, are refused from then on. Writes that this process called on an earlier
 * handle of the account become durable first.
 *
 * @param accountId the `id` of the account's row
 * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CONFIG`, `ERR_SECRET_TOO_SHORT`, `ERR_BAILEYS_NOT_FOUND`,
 * `ERR_ACCOUNT_NOT_FOUND`, `ERR_UNREADABLE` (wrong secret or changed data: nothing is overwritten), `ERR_SCHEMA`,
 * `ERR_TLS`, `ERR_DB_*`
 */
export function useDatabaseAuthState(accountId: string, options?: StoreOptions): Promise<DatabaseAuthState>

/**
 * Deletes everything that is stored of exactly this account's session. Handles that are still open get
 * `ERR_SESSION_CLEARED`, so that no late write brings anything back. An account without a session is no error.
 *
 * @throws {SessionStoreError} `ERR_ARGUMENT` (an empty id), `ERR_CONFIG`, `ERR_SCHEMA`, `ERR_TLS`, `ERR_DB_*`
 */
export function clearDatabaseSession(accountId: string, options?: StoreOptions): Promise<void>

/** Makes a store, for those who want no environment variables or have several databases. Connects when first used. */
export function createSessionStore(options?: StoreOptions): SessionStore

/** A text sealed with AES-256-GCM; all three are lower-case hex. */
export interface EncryptedData {
  /** 12 bytes. */
  iv: string
  /** 16 bytes. */
  authTag: string
  encrypted: string
}

/**
 * Seals a text as the original service did: AES-256-GCM, key = scrypt(secret, `whatsapp-session-salt`, 32 bytes,
 * N=16384, r=8, p=1; RFC 7914). The key of a secret is derived once per process, about 60 ms, and then kept.
 *
 * @throws {SessionStoreError} with the message `Session encryption failed`
 */
export function encryptData(data: string, secret: string): EncryptedData

/**
 * Opens what {@link encryptData} or the original service sealed.
 *
 * @throws {SessionStoreError} with the message `Session decryption failed`
 */
export function decryptData(encrypted: EncryptedData, secret: string): string

/** A copy of a value in which every byte array is `{ type: 'Buffer', data: base64 }`. */
export function serializeBuffers<T = unknown>(value: T): Loose

/** A copy of a value in which every `{ type: 'Buffer', data }` is a Buffer again. */
export function deserializeBuffers<T = unknown>(value: T): Loose

/** What an error is about, stable across versions. */
export type SessionStoreErrorCode =
  | 'ERR_ARGUMENT'
  | 'ERR_CONFIG'
  | 'ERR_BAILEYS_NOT_FOUND'
  | 'ERR_SECRET_TOO_SHORT'
  | 'ERR_WRONG_SECRET'
  | 'ERR_UNREADABLE'
  | 'ERR_ACCOUNT_NOT_FOUND'
  | 'ERR_SESSION_SUPERSEDED'
  | 'ERR_SESSION_CLEARED'
  | 'ERR_IDENTITY_CHANGED'
  | 'ERR_DB_UNAVAILABLE'
  | 'ERR_DB_TIMEOUT'
  | 'ERR_DB_QUERY'
  | 'ERR_SCHEMA'
  | 'ERR_TLS'
  | 'ERR_OVERLOADED'
  | 'ERR_CLOSED'
  | 'ERR_INTERNAL'

/** Every error of this package. */
export class SessionStoreError extends Error {
  readonly name: 'SessionStoreError'
  readonly code: SessionStoreErrorCode
  /** What was being done: `open`, `get`, `set`, `saveCreds`, `clear`, `list`, `close`, … */
  readonly operation: string
  readonly accountId?: string
  /** PostgreSQL's five-character code, where the server sent one. */
  readonly sqlState?: string
}
