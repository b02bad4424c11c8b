'use strict'

const { NativeStore } = require('./native.js')
const { AuthState } = require('./auth-state.js')
const { loadBaileys } = require('./baileys.js')
const { fromFailure, isFailure, requireAccountId } = require('./errors.js')
const { sessions, verify } = require('./inspection.js')
const { migrate } = require('./migration.js')
const { exportMultiFile, importMultiFile } = require('./moving.js')
const { restoreArguments, toQuarantined } = require('./quarantine.js')
const { rotate } = require('./rotation.js')

/** Answers that are handed on in one turn of the event loop: about half a millisecond of work for those who get them. */
const LETTERS_AT_ONCE = 32
const LETTER_LENGTH = 3

/** A store over the native one: hands calls over, and settles their promises when the native part has letters. */
class Store {
  #native
  #observer
  /** Who is told of an account, where these are others than those whom the store was made for. */
  #observers = new Map()
  /** The same, of accounts that are being opened. */
  #opening = new Map()
  #waiting = new Map()
  #lastToken = 0
  #written = new Set()
  #leave = () => this.#startWritten()
  #collectRest = () => this.#collect()

  constructor(settings, observer) {
    const native = NativeStore.create(settings, () => this.#collect())
    if (isFailure(native)) throw fromFailure(native, 'open')
    this.#native = native
    this.#observer = observer
    const parameters = native.ignoredParameters()
    if (parameters.length > 0) {
      observer.log.warn(
        { parameters },
        'parameters of the connection string that are not known are ignored',
      )
    }
  }

  async open(accountId, baileys, theirs = this.#observer) {
    // Kept with every open account, so one for all where that will do.
    const observer = theirs.equals(this.#observer) ? this.#observer : theirs
    const start = observer.log.now()
    requireAccount(accountId, 'open', observer)
    const account = { accountId, observer }
    const refuse = (error) => {
      observer.refused(error, start, { operation: 'open', accountId })
      throw error
    }
    const module = await loadBaileys(baileys).catch(refuse)
    this.#opening.set(accountId, observer)
    const native = await this.call('open', account, (token) =>
      this.#native.open(token, accountId),
    ).finally(() => this.#opening.delete(accountId))
    if (observer === this.#observer) this.#observers.delete(accountId)
    else this.#observers.set(accountId, observer)
    const creds = native.takeCreds()
    const state = this.#stateOf(native, account, module, creds, refuse)
    observer.opened(accountId, { fresh: creds === null, ...native.takeOrigin() }, start)
    return state.handle()
  }

  async clear(accountId, observer = this.#observer) {
    const start = observer.log.now()
    requireAccount(accountId, 'clear', observer)
    const account = { accountId, observer }
    await this.call('clear', account, (token) => this.#native.clear(token, accountId))
    observer.cleared(accountId, start)
  }

  async rotate(options) {
    const [observer, start] = [this.#observer, this.#observer.log.now()]
    const report = await rotate(
      options,
      (rekey) => this.#native.rotate(rekey),
      (rotation) => this.call('rotate', { observer }, (token) => rotation.step(token)),
    )
    observer.allRotated(report, start)
    return report
  }

  async migrate(options) {
    const [observer, start] = [this.#observer, this.#observer.log.now()]
    const report = await migrate(
      options,
      (how) => this.#native.migrate(how),
      (migration) => this.call('migrate', { observer }, (token) => migration.step(token)),
    )
    observer.allMigrated(report, start)
    return report
  }

  sessions(options) {
    return sessions(options, (after, accountId) =>
      this.call('sessions', { observer: this.#observer }, (token) =>
        this.#native.sessions(token, after, accountId),
      ),
    )
  }

  async verify(options) {
    const observer = this.#observer
    const [report, quarantine] = [
      await verify(
        options,
        (accountId) => this.#native.verify(accountId),
        (verification) => this.call('verify', { observer }, (token) => verification.step(token)),
      ),
      await this.quarantine(),
    ]
    return { ...report, quarantine }
  }

  async quarantine() {
    const sessions = await this.call('quarantine', { observer: this.#observer }, (token) =>
      this.#native.quarantine(token),
    )
    return sessions.map(toQuarantined)
  }

  async restore(...given) {
    const { quarantineId, replace } = restoreArguments(...given)
    await this.call('restore', { observer: this.#observer }, (token) =>
      this.#native.restore(token, quarantineId, replace),
    )
  }

  async importMultiFile(folder, accountId, options) {
    return this.#move('importMultiFile', accountId, (call) =>
      importMultiFile(folder, accountId, options, (at, how) =>
        call((token) => this.#native.importMultiFile(token, at, accountId, how)),
      ),
    )
  }

  async exportMultiFile(accountId, folder, options) {
    return this.#move('exportMultiFile', accountId, (call) =>
      exportMultiFile(accountId, folder, options, (at, takeOver) =>
        call((token) => this.#native.exportMultiFile(token, accountId, at, takeOver)),
      ),
    )
  }

  stats() {
    const stats = this.#native.stats()
    return { ...stats, layout: stats.layout ?? null, cache: stats.cache ?? null }
  }

  async close() {
    await this.call('close', { observer: this.#observer }, (token) => this.#native.close(token))
  }

  /**
   * Starts a native call and gives the promise of its answer. While any is awaited the process stays alive. A failure
   * that nobody awaits is logged, not an unhandled rejection: one account's trouble must not end all the others'.
   */
  call(operation, account, start) {
    const token = this.#newToken()
    const call = new Call(operation, account)
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
  write(operation, account, session, start) {
    if (this.#written.size === 0) process.nextTick(this.#leave)
    this.#written.add(session)
    return this.call(operation, account, start)
  }

  async #move(operation, accountId, move) {
    const observer = this.#observers.get(accountId) ?? this.#observer
    const start = observer.log.now()
    requireAccount(accountId, operation, observer)
    const refuse = (error) => {
      // All other refusals are the native part's, or of arguments.
      if (error.files !== undefined) observer.refused(error, start)
      throw error
    }
    const report = await move((begin) =>
      this.call(operation, { accountId, observer }, begin),
    ).catch(refuse)
    observer.moved(operation, report, start)
    return report
  }

  #stateOf(native, account, module, creds, refuse) {
    try {
      return new AuthState(this, native, account, module, creds)
    } catch (error) {
      // Baileys made no credentials.
      return refuse(error)
    }
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
    const { operation, accountId, observer, start } = call
    const error = fromFailure(failure, operation, accountId)
    // Only now: most calls succeed, and another handler each would be for nothing.
    call.promise.catch(() => {})
    observer.refused(error, start)
    call.reject(error)
  }

  #notice(notice) {
    const { kind, accountId } = notice
    if (kind === 'quarantined') {
      const opener = this.#opening.get(accountId) ?? this.#observer
      opener.quarantined(accountId, notice.reason)
      return
    }
    const observer = this.#observers.get(accountId) ?? this.#observer
    if (kind === 'superseded') observer.superseded(accountId)
    else if (kind === 'rotated') observer.rotated(accountId, notice.rekeyed)
    else if (kind === 'moved') observer.migrated(accountId, notice.layout)
    else observer.retrying(notice)
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
  constructor(operation, { accountId, observer }) {
    this.operation = operation
    this.accountId = accountId
    this.observer = observer
    this.start = observer.log.now()
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** Makes sure that an account id is one; that it is not is a refusal like any other. */
function requireAccount(accountId, operation, observer) {
  try {
    requireAccountId(accountId, operation)
  } catch (error) {
    observer.refused(error, observer.log.now())
    throw error
  }
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
