// What is done after a socket has closed or the store has refused something. All knowledge of Baileys' disconnect
// reasons and of the store's error codes is here.

import { DisconnectReason } from 'baileys'
import type { SessionStoreErrorCode } from 'baileys-postgres-auth'

/** Why the connection of an account has ended and is not tried again. */
export type StopReason =
  /** `disconnectAccount` was called. */
  | 'requested'
  /** The service ends. */
  | 'shutdown'
  /** The user removed this device on the phone: the session is worth nothing any more. */
  | 'logged_out'
  /** Another instance of the service has the account now. Reconnecting would take it back, and so on for ever. */
  | 'taken_over'
  /** Nobody scanned the QR code. */
  | 'scan_timeout'
  /** Something that trying again does not mend; there is an error, and somebody should look at it. */
  | 'failed'

export type NextStep =
  | { kind: 'restart' }
  | { kind: 'retry' }
  | { kind: 'stop'; reason: StopReason; error?: Error }

/** `awaitingScan`: a QR code was shown last, so there is no session yet. */
export function afterClose(error: Error | undefined, awaitingScan: boolean): NextStep {
  switch (disconnectReasonOf(error)) {
    case DisconnectReason.restartRequired:
      return { kind: 'restart' }
    case DisconnectReason.loggedOut:
      return { kind: 'stop', reason: 'logged_out' }
    case DisconnectReason.connectionReplaced:
      return { kind: 'stop', reason: 'taken_over' }
    case DisconnectReason.forbidden:
    case DisconnectReason.multideviceMismatch:
      return stopFailed(error)
    case DisconnectReason.timedOut:
      return awaitingScan ? { kind: 'stop', reason: 'scan_timeout' } : { kind: 'retry' }
    default:
      return { kind: 'retry' }
  }
}

/** For what opening or saving a session rejects with. */
export function afterStoreError(error: unknown): NextStep {
  switch (storeErrorCodeOf(error)) {
    case 'ERR_SESSION_SUPERSEDED':
    // Another instance logged the account out, and may be pairing it again already: not ours to clear once more.
    case 'ERR_SESSION_CLEARED':
      return { kind: 'stop', reason: 'taken_over' }
    // The database's troubles pass. The store has retried for some seconds before it says so.
    case 'ERR_DB_UNAVAILABLE':
    case 'ERR_DB_TIMEOUT':
    case 'ERR_DB_QUERY':
    case 'ERR_OVERLOADED':
      return { kind: 'retry' }
    // ERR_UNREADABLE above all: the session is there, and the right secret opens it. Starting afresh, that is a new QR
    // code, would throw it away. ERR_ACCOUNT_NOT_FOUND, ERR_CONFIG and the like are for somebody to mend.
    default:
      return stopFailed(error)
  }
}

function stopFailed(error: unknown): NextStep {
  return { kind: 'stop', reason: 'failed', error: asError(error) }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Baileys closes with a Boom error, whose status code is the reason. */
function disconnectReasonOf(error: Error | undefined): DisconnectReason | undefined {
  return (error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode
}

function storeErrorCodeOf(error: unknown): SessionStoreErrorCode | undefined {
  return (error as { code?: SessionStoreErrorCode } | undefined)?.code
}
