'use strict'

const { NativeStore } = require('../binding.js')
const { AuthState } = require('./auth-state.js')
const { loadBaileys } = require('./baileys.js')
const { fromFailure, isFailure, requireAccountId } = require('./errors.js')
const { restoreArguments, toQuarantined } = require('./quarantine.js')

/** Answers that are handed on in one turn of the event loop: about half a millisecond of work for those who get them. */
const LETTERS_AT_ONCE = 32
const LETTER_LENGTH = 3

/** A store over the native one: hands calls over, and settles their promises when the native part has letters. */
class Store {
  #native
  #logger
  #waiting = new Map()
  #lastToken = 0
  #onSuperseded = new Map()
  #written = new Set()
  #logRefusal = (error) => this.#logger.debug({ err: error }, 'a call was refused')
  #leave = () => this.#startWritten()
  #collectRest = () => this.#collect()

  constructor(settings, logger) {
    const native = NativeStore.create(settings, () => this.#collect())
    if (isFailure(native)) throw fromFailure(native, 'open')
    this.#native = native
    this.#logger = quiet(logger)
    const parameters = native.ignoredParameters()
    if (parameters.length > 0) {
      this.#logger.warn(
        { parameters },
        'parameters of the connection string that are not known are ignored',
      )
    }
  }

  async open(accountId, { baileys, onSuperseded }) {
    requireAccountId(accountId, 'open')
    const module = await loadBaileys(baileys)
    const native = await this.call('open', accountId, (token) =>
      this.#native.open(token, accountId),
    )
    if (onSuperseded === undefined) this.#onSuperseded.delete(accountId)
    else this.#onSuperseded.set(accountId, onSuperseded)
    return new AuthState(this, native, accountId, module).handle()
  }

  async clear(accountId) {
    requireAccountId(accountId, 'clear')
    await this.call('clear', accountId, (token) => this.#native.clear(token, accountId))
  }

  async quarantine() {
    const sessions = await this.call('quarantine', undefined, (token) =>
      this.#native.quarantine(token),
    )
    return sessions.map(toQuarantined)
  }

  async restore(...given) {
    const { quarantineId, replace } = restoreArguments(...given)
    await this.call('restore', undefined, (token) =>
      this.#native.restore(token, quarantineId, replace),
    )
  }

  stats() {
    const stats = this.#native.stats()
    return { ...stats, layout: stats.layout ?? null, cache: stats.cache ?? null }
  }

  async close() {
    await this.call('close', undefined, (token) => this.#native.close(token))
  }

  /**
   * Starts a native call and gives the promise of its answer. While any is awaited the process stays alive. A failure
   * that nobody awaits is logged, not an unhandled rejection: one account's trouble must not end all the others'.
   */
  call(operation, accountId, start) {
    const token = this.#newToken()
    const call = new Call(operation, accountId)
    const refused = attempt(start, token)
    if (refused) {
      this.#reject(call, refused)
    } else {
      if (this.#waiting.size === 0) this.#native.hold(true)
      this.#waiting.set(token, call)
    }
    return call.promise
  }

  /**
   * As `call`, for what is written to a session. All that one turn of the event loop writes leaves together: a tick comes
   * after everything that settled promises have led to.
   */
  write(operation, accountId, session, start) {
    if (this.#written.size === 0) process.nextTick(this.#leave)
    this.#written.add(session)
    return this.call(operation, accountId, start)
  }

  #startWritten() {
    const sessions = [...this.#written]
    this.#written.clear()
    for (const session of sessions) session.start()
  }

  /** Settles what the native part has answered. Must not throw: it runs outside of any caller. */
  #collect() {
    const letters = this.#native.collect(LETTERS_AT_ONCE)
    // The event loop has its turn before the rest: a commit may answer a thousand callers.
    if (letters.length === LETTER_LENGTH * LETTERS_AT_ONCE) setImmediate(this.#collectRest)
    for (let at = 0; at < letters.length; at += LETTER_LENGTH) {
      const token = letters[at]
      if (token === 0) this.#notice(letters[at + 2])
      else this.#settle(token, letters[at + 1], letters[at + 2])
    }
  }

  #settle(token, failure, value) {
    const call = this.#waiting.get(token)
    this.#waiting.delete(token)
    if (this.#waiting.size === 0) this.#native.hold(false)
    if (failure === null) call.resolve(value)
    else this.#reject(call, failure)
  }

  #reject(call, failure) {
    // Only now: most calls succeed, and another handler each would be for nothing.
    call.promise.catch(this.#logRefusal)
    call.reject(fromFailure(failure, call.operation, call.accountId))
  }

  #notice({ kind, accountId, reason }) {
    if (kind === 'superseded') {
      this.#logger.warn(
        { accountId },
        'the account was opened elsewhere; its writes here are refused',
      )
      this.#tellSuperseded(accountId)
    } else if (kind === 'quarantined') {
      this.#logger.warn(
        { accountId, reason },
        'the session could not be read: it was moved to the quarantine, and a fresh one is begun',
      )
    } else {
      this.#logger.warn({ reason }, 'the database does not answer; trying again')
    }
  }

  #tellSuperseded(accountId) {
    const tell = this.#onSuperseded.get(accountId)
    this.#onSuperseded.delete(accountId)
    try {
      tell?.(accountId)
    } catch (error) {
      this.#logger.error({ err: error, accountId }, 'onSuperseded failed')
    }
  }

  #newToken() {
    do {
      this.#lastToken = (this.#lastToken + 1) >>> 0
    } while (this.#lastToken === 0 || this.#waiting.has(this.#lastToken))
    return this.#lastToken
  }
}

/** A native call that waits for its answer. */
class Call {
  constructor(operation, accountId) {
    this.operation = operation
    this.accountId = accountId
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** The application's logger, if there is one. A logger that throws must not end a process full of accounts. */
function quiet(logger) {
  const level = (name) => (object, message) => {
    try {
      logger?.[name](object, message)
    } catch {
      // There is nowhere left to tell it.
    }
  }
  return { debug: level('debug'), warn: level('warn'), error: level('error') }
}

/** Starts a call; what the native part cannot even take, such as a text beyond its limits, is a refusal too. */
function attempt(start, token) {
  try {
    return start(token)
  } catch {
    // What Node-API says may quote the value.
    return {
      code: 'ERR_ARGUMENT',
      message: 'the arguments are of a wrong type or beyond what a text can hold',
    }
  }
}

module.exports = { Store }
