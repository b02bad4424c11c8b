'use strict'

const { NativeStore } = require('./native.js')
const { AuthState } = require('./auth-state.js')
const { checkBaileys, loadBaileys } = require('./baileys.js')
const { Calls } = require('./calls.js')
const { checkSettings, diagnosis } = require('./diagnosis.js')
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
  /** What is said of the settings: nothing of what they are. */
  #settings
  /** Who is told of an account, where these are others than those whom the store was made for. */
  #observers = new Map()
  /** The same, of accounts that are being opened. */
  #opening = new Map()
  #calls = new Calls((hold) => this.#native.hold(hold))
  #written = new Set()
  #leave = () => this.#startWritten()
  #collectRest = () => this.#collect()

  constructor(settings, observer) {
    const native = NativeStore.create(settings, () => this.#collect())
    if (isFailure(native)) throw fromFailure(native, 'open')
    this.#native = native
    this.#observer = observer
    const parameters = native.ignoredParameters()
    this.#settings = { earlierSecrets: settings.previousSecrets.length, ignored: parameters }
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
    const report = await verify(
      options,
      (accountId) => this.#native.verify(accountId),
      (verification) => this.call('verify', { observer }, (token) => verification.step(token)),
    )
    return { ...report, quarantine: await this.quarantine() }
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

  async diagnose(baileys) {
    const [ofDatabase, ofBaileys] = await Promise.all([
      this.call('diagnose', { observer: this.#observer }, (token) => this.#native.diagnose(token)),
      checkBaileys(baileys),
    ])
    return diagnosis([checkSettings(this.#settings), ...ofDatabase, ofBaileys])
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

  /** Starts a native call and gives the promise of its answer. */
  call(operation, account, start) {
    return this.#calls.start(operation, account, start)
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
      else this.#calls.settle(token, letters[at + 1], letters[at + 2])
    }
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

module.exports = { Store }
