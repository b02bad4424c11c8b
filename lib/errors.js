'use strict'

/** The one error class. What its codes mean stands in the README. */
class SessionStoreError extends Error {
  #ours = true

  constructor(code, message, { operation, accountId, sqlState, files, cause } = {}) {
    const about = accountId === undefined ? '' : ` of account ${JSON.stringify(accountId)}`
    super(operation === undefined ? message : `${operation}${about}: ${message}`)
    this.code = code
    this.operation = operation
    if (accountId !== undefined) this.accountId = accountId
    if (sqlState !== undefined && sqlState !== null) this.sqlState = sqlState
    if (files !== undefined) this.files = files
    if (cause !== undefined) this.cause = cause
  }

  /** Whether something that was thrown is one of ours. Unlike `instanceof` it runs nobody's code: not a proxy's traps. */
  static isOurs(thrown) {
    return typeof thrown === 'object' && thrown !== null && #ours in thrown && thrown.#ours
  }
}
Object.defineProperty(SessionStoreError.prototype, 'name', { value: 'SessionStoreError' })

/** Whether an answer of the native part is a refusal. */
function isFailure(answer) {
  return typeof answer?.code === 'string' && typeof answer.message === 'string'
}

/** The error for a refusal of the native part. */
function fromFailure({ code, message, sqlState }, operation, accountId) {
  return new SessionStoreError(code, message, { operation, accountId, sqlState })
}

function argumentError(message, operation, accountId) {
  return new SessionStoreError('ERR_ARGUMENT', message, { operation, accountId })
}

/** What something that was thrown says, if it is an error that can be asked. */
function messageOf(thrown) {
  try {
    return String(thrown.message)
  } catch {
    return 'something was thrown that says nothing'
  }
}

/** Makes sure that an account id is one. */
function requireAccountId(accountId, operation) {
  if (typeof accountId !== 'string' || accountId === '') {
    throw argumentError('the account id must be a string that is not empty', operation)
  }
  if (!accountId.isWellFormed() || accountId.includes('\0')) {
    throw argumentError('the account id holds characters that PostgreSQL cannot store', operation)
  }
}

module.exports = {
  SessionStoreError,
  isFailure,
  fromFailure,
  argumentError,
  messageOf,
  requireAccountId,
}
