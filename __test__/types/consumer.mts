// A consumer as applications write it. tsc compiles this file against Baileys 7 (tsconfig.json) and, unchanged,
// against 6.7 (tsconfig.v6.json); nothing here is ever run.

import type { AuthenticationState, SignalKeyStore } from 'baileys'
import * as baileys from 'baileys'
import makeWASocket, { addTransactionCapability, makeCacheableSignalKeyStore } from 'baileys'
import {
  type AuditEvent,
  clearDatabaseSession,
  createSessionStore,
  decryptData,
  deserializeBuffers,
  type EncryptedData,
  type ExportReport,
  encryptData,
  type ImportReport,
  type RotationReport,
  SessionStoreError,
  type SessionStoreErrorCode,
  type StoreOptions,
  serializeBuffers,
  useDatabaseAuthState,
  type VerificationReport,
} from 'baileys-postgres-auth'
import { pino } from 'pino'

const logger = pino()

export async function connect(accountId: string): Promise<void> {
  const { state, saveCreds, close } = await useDatabaseAuthState(accountId)
  const socket = makeWASocket({ auth: state })
  socket.ev.on('creds.update', saveCreds)
  await close()
}

export async function connectWithCachedKeys(accountId: string): Promise<SignalKeyStore> {
  const { state } = await useDatabaseAuthState(accountId, { logger, baileys })
  const keys = makeCacheableSignalKeyStore(state.keys, logger)
  makeWASocket({ auth: { creds: state.creds, keys }, logger })
  return addTransactionCapability(state.keys, logger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 1,
  })
}

export async function asBaileysDeclaresIt(accountId: string): Promise<AuthenticationState> {
  const state: AuthenticationState = (await useDatabaseAuthState(accountId)).state
  return state
}

export async function useRecords(accountId: string): Promise<string[]> {
  const { state } = await useDatabaseAuthState(accountId)
  const own: string | undefined = state.creds.me?.id
  const published: Uint8Array = state.creds.signedPreKey.keyPair.public
  state.creds.additionalData = { label: 'support', since: 2024 }
  const label: string = state.creds.additionalData.label

  const preKeys = await state.keys.get('pre-key', ['1', '2'])
  const publicKey: Uint8Array | undefined = preKeys['1']?.public
  const coming: unknown = (await state.keys.get('a-coming-type', ['1']))['1']
  await state.keys.set({ 'device-list': { '5511': ['0', '12'] }, 'pre-key': { '1': null } })
  await state.keys.set({ 'a-coming-type': { '1': { any: 'value' } } })
  await state.keys.clear()

  const seen: string[] = [own ?? '', label, String(published), String(publicKey), String(coming)]
  for await (const [user, devices] of state.keys.list('device-list')) {
    seen.push(user, ...devices)
  }
  for await (const id of state.keys.listIds('session')) {
    seen.push(id)
  }
  return seen
}

/** The compiler checks that every case is a code of this package, and that the value returned is one. */
export async function reasonOf(work: Promise<unknown>): Promise<SessionStoreErrorCode | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (!(error instanceof SessionStoreError)) throw error
    const { operation, accountId, sqlState }: SessionStoreError = error
    logger.error({ operation, accountId, sqlState }, error.message)
    switch (error.code) {
      case 'ERR_SESSION_SUPERSEDED':
      case 'ERR_UNREADABLE':
      case 'ERR_ACCOUNT_NOT_FOUND':
        return error.code
      default:
        throw error
    }
  }
}

export async function useStore(databaseUrl: string, secret: string): Promise<number> {
  const options: StoreOptions = {
    databaseUrl,
    secret,
    previousSecrets: ['an-earlier-secret'],
    layout: 'column',
    accountsTable: { schema: 'app', table: 'accounts', updatedAt: null },
    pool: { size: 4, waitTimeoutMs: 1_000 },
    tls: { mode: 'verify-full', ca: Buffer.from('pem') },
    writeTimeoutMs: 5_000,
    durability: 'remote_apply',
    onUnreadable: 'fresh',
    logger,
    baileys: await import('baileys'),
    onSuperseded: (accountId) => logger.warn({ accountId }, 'taken over'),
    onAudit: async (event) => logger.info({ accountId: event.accountId }, describeEvent(event)),
  }
  const store = createSessionStore(options)
  const { state, saveCreds } = await store.useAuthState('a')
  makeWASocket({ auth: state }).ev.on('creds.update', saveCreds)
  const { openSessions, pool, histograms } = store.stats()
  for (const { id, accountId, reason, quarantinedAt, records } of await store.quarantine()) {
    logger.warn({ accountId, reason, records, since: quarantinedAt.toISOString() })
    await store.restore(id, { replace: reason !== 'replaced' })
  }
  for await (const { accountId, records, lastWriteAt, secret } of store.sessions()) {
    logger.info({ accountId, records, at: lastWriteAt?.toISOString(), known: secret !== 'unknown' })
  }
  const { unreadable }: VerificationReport = await store.verify({
    accountId: 'a',
    signal: AbortSignal.timeout(60_000),
    onProgress: ({ sessions, total }) => logger.info({ sessions, total }),
  })
  for (const { accountId, record, code } of unreadable) {
    logger.error({ accountId, type: record?.type, code: code satisfies SessionStoreErrorCode })
  }
  const slow: number = histograms.setSeconds.buckets.findLast(({ le }) => le <= 1)?.count ?? 0
  logger.info({ slow, mean: histograms.setSeconds.sum / histograms.setSeconds.count })
  const { keys, unrotated }: RotationReport = await store.rotate({
    rekey: true,
    signal: AbortSignal.timeout(60_000),
    onProgress: ({ rotated, left }) => logger.info({ rotated, left }),
  })
  logger.info({ keys, failed: unrotated.map(({ accountId, code }) => [accountId, code]) })
  const { outcome, healed, broken }: ImportReport = await store.importMultiFile('folder', 'a', {
    resume: true,
    replace: false,
    skipBroken: true,
  })
  const { files, types }: ExportReport = await store.exportMultiFile('a', 'folder', {
    takeOver: true,
  })
  logger.info({ outcome, healed, broken: broken.map(({ file }) => file), files, types })
  await store.clear('a')
  await store.close()
  await clearDatabaseSession('a', options)
  return openSessions + pool.idle
}

/** The compiler checks that every event is known, and what each of them has. */
function describeEvent(event: AuditEvent): string {
  const at: string = event.at.toISOString()
  switch (event.event) {
    case 'session.opened':
      return `${at} ${event.fresh} ${event.adopted} ${event.takenOver && event.previousOwner}`
    case 'session.rotated':
      return `${at} ${event.rekeyed}`
    case 'session.unreadable':
      return `${at} ${event.operation} ${event.code satisfies SessionStoreErrorCode}`
    case 'session.imported':
      return `${at} ${event.outcome}`
    case 'session.migrated':
      return `${at} ${event.layout}`
    case 'session.exported':
    case 'session.superseded':
    case 'session.cleared':
      return at
    default:
      return event satisfies never
  }
}

/** As the callers of the original service use its functions. */
export function roundTrip(secret: string): string {
  const sealed: EncryptedData = encryptData(JSON.stringify(serializeBuffers({ a: 1 })), secret)
  return deserializeBuffers(JSON.parse(decryptData(sealed, secret))).creds.me.id
}
