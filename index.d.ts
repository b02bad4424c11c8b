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
 * A 64-bit number as Baileys holds it: a `number` or protobufjs' class `Long`, of which this package needs no copy; a
 * name of its own for it would fit neither version's.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
type LongNumber = any

/** What Baileys knows of a contact; of the account itself in `creds.me`. */
export interface Contact {
  id: string
  lid?: string
  /** Baileys 6.7; 7 calls it `phoneNumber`. */
  jid?: string
  phoneNumber?: string
  username?: string
  name?: string
  notify?: string
  verifiedName?: string
  imgUrl?: string | null
  status?: string
}

/** The phone's signature of this device. Read back from a store its bytes are base64 strings, which Baileys takes too. */
export interface SignedDeviceIdentity {
  details?: Uint8Array | null
  accountSignatureKey?: Uint8Array | null
  accountSignature?: Uint8Array | null
  deviceSignature?: Uint8Array | null
}

/** The identity key of a device of the account. */
export interface SignalIdentity {
  identifier: { name: string; deviceId: number }
  identifierKey: Uint8Array
}

/** Which message, in which chat. */
export interface MessageKey {
  remoteJid?: string | null
  fromMe?: boolean | null
  id?: string | null
  participant?: string | null
}

/** A history message that was processed already. */
export interface MinimalMessage {
  key: MessageKey
  messageTimestamp?: LongNumber
}

/** The account's settings that Baileys follows. */
export interface AccountSettings {
  unarchiveChats: boolean
  defaultDisappearingMode?: {
    ephemeralExpiration?: number | null
    ephemeralSettingTimestamp?: LongNumber
  }
}

/**
 * The credentials of one account: the one mutable object that Baileys assigns to and that `saveCreds` serialises.
 * Fields that only some Baileys versions write are carried too; `additionalData` is the application's own.
 */
export interface AuthenticationCreds {
  noiseKey: KeyPair
  pairingEphemeralKeyPair: KeyPair
  signedIdentityKey: KeyPair
  signedPreKey: SignedKeyPair
  registrationId: number
  advSecretKey: string
  me?: Contact
  account?: SignedDeviceIdentity
  signalIdentities?: SignalIdentity[]
  myAppStateKeyId?: string
  firstUnuploadedPreKeyId: number
  nextPreKeyId: number
  lastAccountSyncTimestamp?: number
  platform?: string
  processedHistoryMessages: MinimalMessage[]
  accountSyncCounter: number
  accountSettings: AccountSettings
  registered: boolean
  pairingCode: string | undefined
  lastPropHash: string | undefined
  routingInfo: Buffer | undefined
  // biome-ignore lint/suspicious/noExplicitAny: as in Baileys, so that what an application reads of its own still compiles
  additionalData?: any
}

/** The key that a part of the account's app state is encrypted with; `get` gives Baileys' own class of it. */
export interface AppStateSyncKeyData {
  keyData?: Uint8Array | null
  fingerprint?: {
    rawId?: number | null
    currentIndex?: number | null
    deviceIndexes?: number[] | null
  } | null
  timestamp?: LongNumber
}

/** How far a part of the account's app state is known. */
export interface LTHashState {
  version: number
  hash: Buffer
  indexValueMap: { [indexMacBase64: string]: { valueMac: Uint8Array } }
}

/**
 * The record types of Baileys 6.7 and 7 and their values, as Baileys declares them. Where that differs from what it
 * hands over (a `session` is a plain object, not bytes), the store keeps what it was handed.
 */
export interface SignalDataTypeMap {
  'pre-key': KeyPair
  session: Uint8Array
  'sender-key': Uint8Array
  'sender-key-memory': { [jid: string]: boolean }
  'app-state-sync-key': AppStateSyncKeyData
  'app-state-sync-version': LTHashState
  'lid-mapping': string
  'device-list': string[]
  tctoken: { token: Buffer; timestamp?: string; senderTimestamp?: number }
  'identity-key': Uint8Array
}

/** The value of a record type; types that a coming Baileys adds are stored as well. */
export type SignalDataType<Type extends string> = (SignalDataTypeMap & {
  [type: string]: unknown
})[Type]

/** Records to write, by type and id; `null` deletes. */
export type SignalDataSet = {
  [Type in keyof SignalDataTypeMap]?: { [id: string]: SignalDataTypeMap[Type] | null }
} & { [type: string]: { [id: string]: unknown } | undefined }

/** The keys of one account, as Baileys' `SignalKeyStore` wants them, and what this store offers besides. */
export interface SignalKeyStore {
  /**
   * Reads records of one type. The answer holds exactly the requested ids, `null` for those that do not exist (Baileys'
   * type, which this one has to fit, does not say so).
   * Every call gives fresh copies: what the caller does with them is not seen by anyone else.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CLOSED`, `ERR_SESSION_CLEARED`, `ERR_SESSION_SUPERSEDED`
   */
  get<Type extends string>(
    type: Type,
    ids: string[],
  ): Promise<{ [id: string]: SignalDataType<Type> }>
  /**
   * Writes records, all or nothing; a falsy value deletes. The values are taken at the call. Resolves when PostgreSQL
   * has committed them.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT` (circular, BigInt, nested too deep: nothing of the call is written),
   * `ERR_SESSION_SUPERSEDED`, `ERR_SESSION_CLEARED`, `ERR_ACCOUNT_NOT_FOUND`, `ERR_OVERLOADED`, `ERR_CLOSED`, `ERR_DB_*`
   */
  set(data: SignalDataSet): Promise<void>
  /** Deletes every key record of the account; the credentials stay. */
  clear(): Promise<void>
  /** Every record of one type, as `[id, value]`, as they stand when the iteration begins. */
  list<Type extends string>(type: Type): AsyncIterableIterator<[string, SignalDataType<Type>]>
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

/**
 * The logger's shape is Baileys' `ILogger`; a pino logger fits. Where it has a `level` or `isLevelEnabled`, it is called for lines
 * of that level only.
 */
export interface Logger {
  level?: unknown
  isLevelEnabled?(level: string): boolean
  debug(obj: unknown, msg?: string): void
  info(obj: unknown, msg?: string): void
  warn(obj: unknown, msg?: string): void
  error(obj: unknown, msg?: string): void
}

/** The parts of the Baileys module that are used: of `baileys` or `@whiskeysockets/baileys`. */
export interface BaileysModule {
  initAuthCreds: () => AuthenticationCreds
  proto: {
    Message: {
      AppStateSyncKeyData: {
        fromObject(object: { [key: string]: unknown }): AppStateSyncKeyData
      }
    }
  }
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
   * Earlier secrets, at most 8. A session that only one of these opens is read with it and sealed with `secret` when it is opened.
   * Environment: `WHATSAPP_SESSION_SECRET_PREVIOUS`, one a line, since any other separator may be part of a secret.
   */
  previousSecrets?: string[]
  /**
   * How sessions are stored. `rows`: a row per record, in a schema of its own; `column`: the original service's layout, one
   * encrypted JSON text an account. Default: `rows` if its tables exist, unless sessions were moved back to `column`, else
   * `column` if the accounts table with its column exists, else `rows`, whose tables are made. One that was not told a layout
   * goes along when {@link SessionStore.migrate} moves the sessions to the other one. Environment: `BAILEYS_AUTH_LAYOUT`.
   */
  layout?: 'rows' | 'column'
  /** The schema of the tables of layout `rows`. Default `baileys_auth`. */
  schema?: string
  /**
   * Whether the tables of layout `rows` may be made, and brought to this version's format. Default true. Environment:
   * `BAILEYS_AUTH_AUTO_MIGRATE`.
   */
  autoMigrate?: boolean
  /**
   * What an open does with a session that cannot be read (`ERR_UNREADABLE`). `throw` refuses it and leaves it as it is.
   * `fresh` moves its ciphertext to the quarantine, byte for byte, and begins a fresh session, which has to be paired;
   * {@link SessionStore.restore} brings it back. An error of the database is never answered with a fresh session, nor is
   * `ERR_WRONG_SECRET`; but a text of layout `column` does not tell another secret from changed data, so that with a wrong
   * secret every session that is opened moves. Default `throw`. Environment: `BAILEYS_AUTH_ON_UNREADABLE`.
   */
  onUnreadable?: 'throw' | 'fresh'
  /**
   * Bytes of records that layout `rows` holds in memory at most, over all sessions of the store. Default 67,108,864 (64
   * MiB). Environment: `BAILEYS_AUTH_CACHE_BYTES`.
   */
  cacheBytes?: number
  accountsTable?: AccountsTable
  pool?: PoolOptions
  tls?: TlsOptions
  /**
   * How long a call goes on trying through lost connections, failovers and restarts of the server, in ms. It counts from the
   * call, the wait for a connection included; a call that shares a commit with earlier ones is given up with them. Default 10,000. Environment: `BAILEYS_AUTH_WRITE_TIMEOUT_MS`.
   */
  writeTimeoutMs?: number
  /**
   * `synchronous_commit` of the writes. `server` leaves it as the server has it; weaker settings than `on` are not
   * offered, since an acknowledged write has to be durable. Default `server`.
   */
  durability?: 'server' | 'on' | 'remote_apply'
  /**
   * Where log lines go: `info` when a session is opened or cleared, `debug` for every write, `warn` when something is tried
   * again or an account is lost, `error` when a call is refused. Each has `accountId` and `durationMs` where there is one; none
   * has a value, a record's id or a secret. Default: nowhere.
   */
  logger?: Logger
  /** The Baileys module. Default: the installed `baileys`, else the installed `@whiskeysockets/baileys`. */
  baileys?: BaileysModule
  /**
   * Called once when a write shows that another process or store has opened the account since: the moment to close the
   * socket. Not called when this store itself opens the account again.
   */
  onSuperseded?: (accountId: string) => void
  /**
   * Called with what happens to sessions, for an audit trail. What it throws, or its promise rejects with, is logged and
   * changes nothing; no call waits for it.
   */
  onAudit?: (event: AuditEvent) => void | Promise<void>
}

/** What every audit event says. */
interface AuditEventOf<Name extends string> {
  event: Name
  accountId: string
  /** When this process learnt of it. */
  at: Date
}

/** A handle was handed out. */
export interface SessionOpened extends AuditEventOf<'session.opened'> {
  /** There were no credentials, so new ones were made. */
  fresh: boolean
  /** Layout `rows`: the session was moved from the accounts table by this open. */
  adopted: boolean
  /**
   * Another store or process had opened the account last, as far as that is known: layout `column` knows only of the stores of
   * this process. Whether it still had the account open, only its own `session.superseded` says.
   */
  takenOver: boolean
  /** Layout `rows`: host and process id of the other process that had opened the account last. */
  previousOwner?: string
}

/** A write showed that another process or store has opened the account since. */
export interface SessionSuperseded extends AuditEventOf<'session.superseded'> {}

/** This process has deleted what was stored of the session. */
export interface SessionCleared extends AuditEventOf<'session.cleared'> {}

/** A session that an earlier secret protected is under the current one now: by `rotate`, or because it was opened. */
export interface SessionRotated extends AuditEventOf<'session.rotated'> {
  /** Whether it also got a new data key. */
  rekeyed: boolean
}

/** The session was moved to another layout: {@link SessionStore.migrate}. */
export interface SessionMigrated extends AuditEventOf<'session.migrated'> {
  layout: 'rows' | 'column'
}

/** A folder became the account's session: {@link SessionStore.importMultiFile}. */
export interface SessionImported extends AuditEventOf<'session.imported'> {
  outcome: 'added' | 'replaced'
}

/** The session was written to a folder, unencrypted: {@link SessionStore.exportMultiFile}. */
export interface SessionExported extends AuditEventOf<'session.exported'> {}

/** A call found something stored that does not open, and left it as it is; or, with `onUnreadable: 'fresh'`, moved it aside. */
export interface SessionUnreadable extends AuditEventOf<'session.unreadable'> {
  code: 'ERR_UNREADABLE' | 'ERR_WRONG_SECRET'
  /** The call: `open`, `get`, `list`, `rotate`, … */
  operation: string
  /** Whether it was moved to the quarantine, and a fresh session begun. */
  quarantined: boolean
}

/** What happens to sessions; `event` tells the kinds apart. */
export type AuditEvent =
  | SessionOpened
  | SessionSuperseded
  | SessionCleared
  | SessionRotated
  | SessionMigrated
  | SessionImported
  | SessionExported
  | SessionUnreadable

/** A store's figures since it was made. */
export interface StoreStats {
  /** Null until an account was opened or cleared. */
  layout: 'rows' | 'column' | null
  /** Accounts that are open in this store. */
  openSessions: number
  /** Writes that were called (`set`, `saveCreds`, `keys.clear`), and those of them that were refused or failed. */
  sets: number
  refusedSets: number
  /** Records that wait for their commit, and their size in bytes. */
  pendingRecords: number
  pendingBytes: number
  /** Records and commits that became durable, attempts that were repeated, and commits that failed for good. */
  committedRecords: number
  commits: number
  retries: number
  failedCommits: number
  pool: { size: number; idle: number; waiting: number; max: number }
  /** The records held in memory, in bytes, and how many lookups found theirs; null in layout `column`, which holds all. */
  cache: { bytes: number; capacity: number; hits: number; misses: number } | null
  histograms: StoreHistograms
}

/** Durations in seconds, and sizes. */
export interface StoreHistograms {
  /** Writes that were accepted, from the call to the answer. */
  setSeconds: Histogram
  /** Opens that succeeded, from the call to the answer. */
  openSeconds: Histogram
  /** Commits, with the wait for a connection and all that was repeated. */
  commitSeconds: Histogram
  /** Statements, from sending one to PostgreSQL's answer. */
  roundTripSeconds: Histogram
  /** Waits for a connection of the pool. */
  connectionWaitSeconds: Histogram
  /** Accounts that shared a commit which became durable; their sum is `commits`. */
  batchSessions: Histogram
  /** Records that such a commit carried; their sum is `committedRecords`. */
  batchRecords: Histogram
}

/** How often a quantity was how large, in Prometheus' form. */
export interface Histogram {
  /** Upper bounds, the last one `Infinity`, each with how many quantities were not above it. */
  buckets: { le: number; count: number }[]
  /** All quantities together. */
  sum: number
  /** How many there were. */
  count: number
}

/** How sessions are taken over to another secret. */
export interface RotationOptions {
  /**
   * Whether sessions also get a new data key (layout `rows`): every record is sealed anew, in one transaction a session. Who
   * has an earlier secret, and an old copy of a session's row, has its data key: take this if a secret has become known.
   * Sessions whose data key no earlier secret has ever wrapped keep theirs. Default false.
   */
  rekey?: boolean
  /** Stops it: after the batch of sessions that is under way, or within the session that gets a new data key, which is then left as it was. */
  signal?: AbortSignal
  /** Called after each batch of sessions, for the last time at the end. */
  onProgress?: (progress: RotationProgress) => void
}

/** How far a rotation has come. */
export interface RotationProgress {
  /** Sessions that this call has changed. */
  rotated: number
  /** Sessions by the key that they are sealed under, the current one's first; in layout `column` those that were looked at so far. */
  keys: KeyCount[]
  /** Layout `rows`: sessions whose data key an earlier secret has wrapped, at some time; 0 after `rekey`. */
  rewrapped: number
  /** Sessions that could not be changed. */
  left: number
}

/** What a rotation came to. */
export interface RotationReport extends RotationProgress {
  /** The sessions that could not be changed, and why. */
  unrotated: UnrotatedSession[]
}

/** Sessions that are sealed under one key. */
export interface KeyCount {
  /**
   * In layout `rows` the first 8 digits of `key_id`, which says nothing about the secret; for texts in layout `column`,
   * also those that layout `rows` has yet to adopt, the name of the setting, such as `previousSecrets[0]`, or `unreadable`.
   */
  keyId: string
  /** Whose key it is: `unknown` is that of no secret that the store was given. */
  secret: 'current' | 'previous' | 'unknown'
  sessions: number
}

/** A session that a rotation could not change. */
export interface UnrotatedSession {
  accountId: string
  /**
   * `ERR_WRONG_SECRET` (none of the secrets is its own, or a process without the current one goes on writing it),
   * `ERR_UNREADABLE`, `ERR_DB_TIMEOUT` (somebody holds its row)
   */
  code: SessionStoreErrorCode
  message: string
}

/** How sessions are moved to a layout. */
export interface MigrationOptions {
  /** The layout that they are moved to. Default `rows`. */
  to?: 'rows' | 'column'
  /** Whether nothing is changed, and each session is only looked at: whether it can be read, and put there. Default false. */
  dryRun?: boolean
  /**
   * To `rows`, where the tables are yet to be made: over how many tables records are spread, from 2 to 1,024, by a hash of
   * their session. Default: one.
   */
  partitions?: number
  /** Stops it after the session that is under way. */
  signal?: AbortSignal
  /** Called after each few sessions, for the last time at the end. */
  onProgress?: (progress: MigrationProgress) => void
}

/** How far a move has come. */
export interface MigrationProgress {
  to: 'rows' | 'column'
  dryRun: boolean
  /** Whether the tables of layout `rows` were not there yet. */
  makesTables: boolean
  /** Sessions that there were to move. */
  total: number
  /** Sessions that this call has moved; with `dryRun`, that it would have. */
  moved: number
  /** Sessions that could not be moved. */
  left: number
}

/** What a move came to. */
export interface MigrationReport extends MigrationProgress {
  /** The sessions that could not be moved, and why. */
  unmoved: UnmovedSession[]
}

/** A session that could not be moved; it is where it was. */
export interface UnmovedSession {
  accountId: string
  /**
   * `ERR_UNREADABLE`, `ERR_WRONG_SECRET`, `ERR_ACCOUNT_NOT_FOUND` (to `column`: the accounts table has no such row),
   * `ERR_SESSION_EXISTS` (the account has one in each layout), `ERR_ARGUMENT` (to `column`: two records would have one name),
   * `ERR_DB_TIMEOUT` (somebody holds its row), `ERR_DB_QUERY` (PostgreSQL refuses its data)
   */
  code: SessionStoreErrorCode
  message: string
}

/** What is known of a session without opening its account. */
export interface SessionStatus {
  accountId: string
  /** Where it is. */
  layout: 'rows' | 'column'
  /**
   * How many records it has, the credentials among them, and of which types. Null in layout `column`: only who opens a text can
   * count what it holds, as {@link SessionStore.verify} does.
   */
  records: number | null
  kinds: { [type: string]: number } | null
  /** How many bytes are sealed. */
  bytes: number
  /** Who was the last to open it, `host:pid`. Null in layout `column`, which does not know. */
  owner: string | null
  /** When that was. Null in layout `column`. */
  openedAt: Date | null
  /** When it was begun. Null in layout `column`. */
  createdAt: Date | null
  /**
   * When it was last written to, if the database knows. Layout `rows`: it does with `track_commit_timestamp = on`. Layout `column`:
   * the row's `accountsTable.updatedAt` column, if there is one; other changes of the row may set it, too.
   */
  lastWriteAt: Date | null
  /** Layout `rows`: the first 8 digits of the id of the key that its data key is wrapped by, which say nothing about the secret. */
  keyId: string | null
  /** Layout `rows`: whose key that is; `unknown` is that of no secret that the store was given. */
  secret: 'current' | 'previous' | 'unknown' | null
}

/** How sessions are verified. */
export interface VerificationOptions {
  /** That of one account alone. Default: all sessions. */
  accountId?: string
  /** Stops it after the session that is under way. */
  signal?: AbortSignal
  /** Called after each few sessions, for the last time at the end. */
  onProgress?: (progress: VerificationProgress) => void
}

/** How far a verification has come. */
export interface VerificationProgress {
  /** Sessions that there were when it began. */
  total: number
  /** Sessions that were read. */
  sessions: number
  /** Records that could be read, the credentials among them. */
  records: number
  /** How many bytes were sealed of all that was read. */
  bytes: number
  /** How many findings there are so far. */
  unreadable: number
}

/** What a verification came to. */
export interface VerificationReport {
  /** Sessions that were read. */
  sessions: number
  /** Records that could be read, the credentials among them, and of which types. */
  records: number
  kinds: { [type: string]: number }
  /** How many bytes were sealed of all that was read. */
  bytes: number
  /** What could not be read. */
  unreadable: UnreadableData[]
  /** As of {@link SessionStore.quarantine}. */
  quarantine: QuarantinedSession[]
}

/** A session, or a record of it, that cannot be read. */
export interface UnreadableData {
  accountId: string
  layout: 'rows' | 'column'
  /** The record; null for all of the session. Its id is sealed; `hash` is its `record_hash` in hexadecimal digits. */
  record: { type: string; hash: string } | null
  /**
   * `ERR_UNREADABLE` (changed data; in layout `column` a wrong secret, too), `ERR_WRONG_SECRET`, `ERR_SESSION_EXISTS` (the account
   * has a session in each layout)
   */
  code: SessionStoreErrorCode
  message: string
}

/** A session that could not be read when its account was opened with `onUnreadable: 'fresh'`. */
export interface QuarantinedSession {
  /** What {@link SessionStore.restore} takes. */
  id: string
  accountId: string
  /** The code of the error that says why; `replaced`: it made room for one that was restored. */
  reason: 'ERR_UNREADABLE' | 'replaced'
  quarantinedAt: Date
  /** The form that it is in: records, or one text. */
  layout: 'rows' | 'column'
  /** How many records it has, and of which types; null of a text. */
  records: number | null
  kinds: { [type: string]: number } | null
  /** How many bytes are sealed. */
  bytes: number
}

/** How a folder of files is moved in. */
export interface ImportOptions {
  /**
   * Whether a session that the account has already is replaced, whoever has it open: in the one commit in which the new one
   * is wholly there. Its keys may be older than those that WhatsApp and the contacts know by now. Default false:
   * `ERR_SESSION_EXISTS`.
   */
  replace?: boolean
  /** Whether a session of the same identity is left as it is and no error, so that a move that broke off can go on. Default false. */
  resume?: boolean
  /** Whether records whose files are broken are left out. Default false: then nothing is imported. */
  skipBroken?: boolean
}

/** What came of a folder of files. */
export interface ImportReport {
  accountId: string
  /**
   * `added`: the folder's session is the account's; `replaced`: in the place of another one; `present`: the account has it
   * already, perhaps as it has gone on since, and it was left as it is.
   */
  outcome: 'added' | 'replaced' | 'present'
  /** Records in the folder by type, the credentials not counted, and the size of all as text. */
  types: { [type: string]: number }
  bytes: number
  /** Files whose record was taken in another form: sender keys of Baileys 6.7.18 and older, on which 7 fails for ever. */
  healed: string[]
  /** What is in the folder and was not imported, since it is not named as a record of a type that is known. */
  unknown: string[]
  /** Broken files that were left out. */
  broken: BrokenFile[]
}

/** A file that is named as a record and does not hold one: cut off, not JSON, a link. */
export interface BrokenFile {
  file: string
  reason: string
}

/** How a session is moved out. */
export interface ExportOptions {
  /**
   * Whether the account is taken over first, from whoever has it open, so that nothing is written to it after what is exported.
   * Default false: its owner goes on, and the folder is out of date with the next message.
   */
  takeOver?: boolean
}

/** What was written of a session. */
export interface ExportReport {
  accountId: string
  /** The folder, as an absolute path. */
  folder: string
  files: number
  bytes: number
  /** Records by type, the credentials not counted. */
  types: { [type: string]: number }
}

/** Sessions in one database. */
export interface SessionStore {
  /** As {@link useDatabaseAuthState}, in this store. */
  useAuthState(accountId: string): Promise<DatabaseAuthState>
  /** As {@link clearDatabaseSession}, in this store. */
  clear(accountId: string): Promise<void>
  /**
   * What is known of each session without opening its account, in the order of their ids, first of those in rows; of one account
   * alone with `accountId`, and nothing if it has no session. Read 500 at a time: each page is as of its own moment.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CLOSED`, `ERR_SCHEMA`, `ERR_TLS`, `ERR_DB_*`
   */
  sessions(options?: { accountId?: string }): AsyncIterableIterator<SessionStatus>
  /**
   * Reads and authenticates every record of every session, and lists what cannot be read. Changes nothing, and takes no account
   * from its owner.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_ACCOUNT_NOT_FOUND` (`accountId` has no session), `ERR_CLOSED`, `ERR_SCHEMA`,
   * `ERR_TLS`, `ERR_DB_*`; what `signal` was aborted with; what `onProgress` throws
   */
  verify(options?: VerificationOptions): Promise<VerificationReport>
  /** The sessions in quarantine, the oldest first. A clear leaves them there. */
  quarantine(): Promise<QuarantinedSession[]>
  /**
   * Puts a session from quarantine back in its account's place, byte for byte. Whoever has the account open then has to
   * open it again: later writes are refused.
   *
   * With `replace` the session that the account has by then goes into quarantine itself.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT` (no such id, or the account has a session and `replace` is not set),
   * `ERR_ACCOUNT_NOT_FOUND` (layout `column`), `ERR_CONFIG`, `ERR_SCHEMA`, `ERR_TLS`, `ERR_DB_*`; nothing was changed
   */
  restore(quarantineId: string, options?: { replace?: boolean }): Promise<void>
  /**
   * Takes every session over to the current secret, so that those in `previousSecrets` are not needed any more: its key is
   * wrapped anew (layout `rows`), or its text sealed anew (`column`). Sessions may be open meanwhile, in this process and
   * in others, as long as these know the current secret: nobody loses an account, and no write. Called again after it broke
   * off, it goes on where it was.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CLOSED`, `ERR_SCHEMA`, `ERR_DB_*`; what `signal` was aborted with; what
   * `onProgress` throws. What has been done by then stays done.
   */
  rotate(options?: RotationOptions): Promise<RotationReport>
  /**
   * Moves every session to a layout, each in one transaction, under whoever has it open: such an owner's writes are refused with
   * `ERR_SESSION_SUPERSEDED` from then on, and what was acknowledged before is in the new place. From the first moment on the
   * database is one of that layout: stores that were not told a layout go with it, also those that are at work, and opening
   * an account moves its session. Called again after it broke off, it goes on where it was.
   *
   * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CONFIG` (the store was told the other layout, or `partitions` come too
   * late), `ERR_SCHEMA` (no right to make the tables, no accounts table), `ERR_CLOSED`, `ERR_DB_*`; what `signal` was aborted
   * with; what `onProgress` throws. What has been moved by then stays moved.
   */
  migrate(options?: MigrationOptions): Promise<MigrationReport>
  /**
   * Makes a folder of Baileys' `useMultiFileAuthState`, of version 6 or 7, the session of an account: in one commit, so that the
   * account has all of it or what it had before. Texts are copied as they are, then read back from the database and compared,
   * each of them. Nothing may write to the folder meanwhile; it is left as it is, and must not be used any more afterwards.
   *
   * @throws {SessionStoreError} `ERR_FOLDER` (it cannot be read, has no credentials, or broken files: see `files`),
   * `ERR_SESSION_EXISTS`, `ERR_ACCOUNT_NOT_FOUND` (layout `column`), `ERR_ARGUMENT`, `ERR_UNREADABLE` and `ERR_WRONG_SECRET`
   * (of the session that is there), `ERR_CLOSED`, `ERR_SCHEMA`, `ERR_DB_*`
   */
  importMultiFile(folder: string, accountId: string, options?: ImportOptions): Promise<ImportReport>
  /**
   * Writes an account's session into a folder, new or empty, as Baileys' `useMultiFileAuthState` would: as it is at one moment,
   * each text as it was stored. The files are the account's keys, **unencrypted**: whoever has them has the account.
   *
   * @throws {SessionStoreError} `ERR_FOLDER` (it is not empty, cannot be written, or two records would share a file),
   * `ERR_ACCOUNT_NOT_FOUND` (no session), `ERR_ARGUMENT`, `ERR_UNREADABLE`, `ERR_WRONG_SECRET`, `ERR_CLOSED`, `ERR_SCHEMA`,
   * `ERR_DB_*`
   */
  exportMultiFile(accountId: string, folder: string, options?: ExportOptions): Promise<ExportReport>
  stats(): StoreStats
  /** Waits until everything written so far is durable, then closes every session and connection. */
  close(): Promise<void>
}

/**
 * Opens an account's session, or makes a fresh one where there is none, and becomes its owner: the writes of every
 * earlier opener, in this process or another, are refused from then on. Writes that this process called on an earlier
 * handle of the account become durable first.
 *
 * @param accountId the `id` of the account's row in layout `column`; any text that is not empty in layout `rows`
 * @throws {SessionStoreError} `ERR_ARGUMENT`, `ERR_CONFIG`, `ERR_SECRET_TOO_SHORT`, `ERR_BAILEYS_NOT_FOUND`,
 * `ERR_ACCOUNT_NOT_FOUND` (layout `column`), `ERR_WRONG_SECRET` (layout `rows`), `ERR_UNREADABLE` (changed data, and in
 * layout `column` a wrong secret too; nothing is overwritten), `ERR_SCHEMA`,
 * `ERR_TLS`, `ERR_DB_*`
 */
export function useDatabaseAuthState(
  accountId: string,
  options?: StoreOptions,
): Promise<DatabaseAuthState>

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
// biome-ignore lint/suspicious/noExplicitAny: as the original service declares it, so that its callers still compile
export function serializeBuffers(value: unknown): any

/** A copy of a value in which every `{ type: 'Buffer', data }` is a Buffer again. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function deserializeBuffers(value: unknown): any

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
  | 'ERR_SESSION_EXISTS'
  | 'ERR_FOLDER'
  | 'ERR_DB_UNAVAILABLE'
  | 'ERR_DB_TIMEOUT'
  | 'ERR_DB_QUERY'
  | 'ERR_SCHEMA'
  | 'ERR_TLS'
  | 'ERR_OVERLOADED'
  | 'ERR_CLOSED'
  | 'ERR_INTERNAL'

/** Every error of this package, which alone makes them. */
export class SessionStoreError extends Error {
  private constructor()
  readonly name: 'SessionStoreError'
  readonly code: SessionStoreErrorCode
  /** What was being done: `open`, `get`, `set`, `saveCreds`, `clear`, `list`, `close`, … */
  readonly operation: string
  readonly accountId?: string
  /** PostgreSQL's five-character code, where the server sent one. */
  readonly sqlState?: string
  /** `importMultiFile`: all files that are broken, where it was refused for these. */
  readonly files?: BrokenFile[]
}
