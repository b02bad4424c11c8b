'use strict'

const { fromFailure } = require('./errors.js')

/** The calls of a store that wait for their answers. `hold` keeps the process alive, or no longer. */
class Calls {
  #waiting = new Map()
  #lastToken = 0
  #hold

  constructor(hold) {
    this.#hold = hold
  }

  /**
   * Starts a native call and gives the promise of its answer. While any is awaited the process stays alive. A failure
   * that nobody awaits is logged, not an unhandled rejection: one account's trouble must not end all the others'.
   */
  start(operation, account, start) {
    const token = this.#newToken()
    const call = new Call(operation, account)
    const refused = attempt(start, token)
    if (refused) {
      this.#reject(call, refused)
    } else {
      if (this.#waiting.size === 0) this.#hold(true)
      this.#waiting.set(token, call)
    }
    return call.promise
  }

  /** Settles the call with this token; token and answer are the native part's. */
  settle(token, failure, value) {
    const call = this.#waiting.get(token)
    this.#waiting.delete(token)
    if (this.#waiting.size === 0) this.#hold(false)
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

module.exports = { Calls }
