'use strict'

const { SessionStoreError } = require('./errors.js')
const { Log, rounded, since } = require('./log.js')

/** What says that a stored session does not open. */
const UNREADABLE = new Set(['ERR_UNREADABLE', 'ERR_WRONG_SECRET'])

/** What every late call on a lost, cleared or closed session gets, by the hundred: that it is one was logged before. */
const LATE = new Set(['ERR_SESSION_SUPERSEDED', 'ERR_SESSION_CLEARED', 'ERR_CLOSED'])

/** The operations by which a session begins or ends: for them nothing is late. */
const TURNING = new Set(['open', 'clear', 'rotate', 'migrate'])

/** What is said of a folder that was imported. */
const IMPORTED = {
  added: 'the session was imported from a folder',
  replaced: 'the session was replaced by one from a folder',
  present: 'the session is there already; the folder was not imported',
}

/** Those who want to know what happens to sessions: the application's logger and its hooks. Nothing here ever throws. */
class Observer {
  #logger
  #onAudit
  #onSuperseded

  constructor({ logger, onAudit, onSuperseded }) {
    this.#logger = logger
    this.#onAudit = onAudit
    this.#onSuperseded = onSuperseded
    this.log = new Log(logger)
  }

  /** Whether the same ones are told. */
  equals(other) {
    return (
      this.#logger === other.#logger &&
      this.#onAudit === other.#onAudit &&
      this.#onSuperseded === other.#onSuperseded
    )
  }

  opened(accountId, found, start) {
    const how = describe(found)
    this.log.info({ accountId, ...found, durationMs: since(start) }, how)
    this.#audit('session.opened', accountId, found)
  }

  cleared(accountId, start) {
    this.log.info({ accountId, durationMs: since(start) }, 'the session was cleared')
    this.#audit('session.cleared', accountId)
  }

  /** A session was imported from a folder, or exported to one. */
  moved(operation, { accountId, outcome, types }, start) {
    const records = Object.values(types).reduce((sum, count) => sum + count, 0)
    const details = { accountId, outcome, records, durationMs: since(start) }
    if (operation === 'exportMultiFile') {
      this.log.info(details, 'the session was written to a folder, unencrypted')
      this.#audit('session.exported', accountId)
    } else {
      this.log.info(details, IMPORTED[outcome])
      if (outcome !== 'present') this.#audit('session.imported', accountId, { outcome })
    }
  }

  superseded(accountId) {
    this.log.warn({ accountId }, 'the account was opened elsewhere; its writes here are refused')
    this.#audit('session.superseded', accountId)
    this.#tell('onSuperseded', this.#onSuperseded, accountId, accountId)
  }

  rotated(accountId, rekeyed) {
    this.log.debug({ accountId, rekeyed }, 'the session is under the current secret now')
    this.#audit('session.rotated', accountId, { rekeyed })
  }

  /** A rotation has come to its end. */
  allRotated({ rotated, unrotated }, start) {
    const level = unrotated.length === 0 ? 'info' : 'warn'
    this.log[level](
      { rotated, unrotated: unrotated.length, durationMs: since(start) },
      'the sessions were taken over to the current secret',
    )
    for (const { accountId, code } of unrotated) {
      if (UNREADABLE.has(code)) this.#unreadable(accountId, code, 'rotate')
    }
  }

  migrated(accountId, layout) {
    this.log.debug({ accountId, layout }, 'the session was moved to another layout')
    this.#audit('session.migrated', accountId, { layout })
  }

  /** A move of all sessions has come to its end. */
  allMigrated({ to, dryRun, moved, unmoved }, start) {
    const level = unmoved.length === 0 ? 'info' : 'warn'
    this.log[level](
      { layout: to, dryRun, moved, unmoved: unmoved.length, durationMs: since(start) },
      dryRun ? 'it was found out which sessions can be moved' : 'the sessions were moved',
    )
    for (const { accountId, code } of unmoved) {
      if (UNREADABLE.has(code)) this.#unreadable(accountId, code, 'migrate')
    }
  }

  /** A session that could not be read has been moved aside. */
  quarantined(accountId, reason) {
    this.log.warn(
      { accountId, reason },
      'the session could not be read: it was moved to the quarantine, and a fresh one is begun',
    )
    this.#unreadable(accountId, reason, 'open', true)
  }

  retrying({ accountId, accounts, reason, durationMs }) {
    this.log.warn(
      { accountId, accounts, reason, durationMs: rounded(durationMs) },
      'the database does not answer; trying again',
    )
  }

  /** A line about a write once it is durable, where such lines are written at all. */
  saving(operation, accountId, records, promise) {
    if (!this.log.writes('debug')) return
    const [start, kinds] = [performance.now(), countKinds(records)]
    const saved = () =>
      this.log.debug({ accountId, operation, ...kinds, durationMs: since(start) }, 'saved')
    promise.then(saved, () => {})
  }

  /** A call is refused, or has failed; `call` says which, where an error does not: it may be anybody's. */
  refused(error, start, call = {}) {
    const said = SessionStoreError.isOurs(error) ? error : {}
    const { accountId = call.accountId, operation = call.operation, code } = said
    const level = LATE.has(code) && !TURNING.has(operation) ? 'debug' : 'error'
    this.log[level](
      { err: error, accountId, operation, code, durationMs: since(start) },
      'a call was refused',
    )
    if (UNREADABLE.has(code) && accountId !== undefined) {
      this.#unreadable(accountId, code, operation)
    }
  }

  #unreadable(accountId, code, operation, quarantined = false) {
    this.#audit('session.unreadable', accountId, { code, operation, quarantined })
  }

  #audit(event, accountId, details) {
    if (this.#onAudit === undefined) return
    this.#tell(
      'onAudit',
      this.#onAudit,
      { event, accountId, at: new Date(), ...details },
      accountId,
    )
  }

  /** Calls a hook of the application; that it fails is its own affair. */
  #tell(name, hook, argument, accountId) {
    const failed = (error) => this.log.error({ err: error, accountId }, `${name} failed`)
    try {
      const told = hook?.(argument)
      if (typeof told?.then === 'function') told.then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }
}

function describe({ fresh, adopted, takenOver }) {
  if (adopted) return 'the session was moved into rows and opened'
  if (takenOver) return 'the session was taken over'
  return fresh ? 'a fresh session was begun' : 'the session was opened'
}

/** How many records of each type a write has; of a `set` only, whose records are type, id and value in turn. */
function countKinds(records) {
  if (!Array.isArray(records)) return {}
  const kinds = Object.create(null)
  for (let at = 0; at < records.length; at += 3) kinds[records[at]] = (kinds[records[at]] ?? 0) + 1
  return { records: records.length / 3, kinds }
}

module.exports = { Observer }
