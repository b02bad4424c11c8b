'use strict'

const { SessionStoreError, argumentError, fromFailure, isFailure } = require('./errors.js')
const { decode, encode, reviver } = require('./values.js')

const UNSTORABLE =
  'an argument cannot be read or a value not be stored (it is circular, nested too deep, or holds a BigInt or ' +
  'something that throws); nothing of the call was written'

/** How many values `list` reads at a time. */
const LIST_BATCH = 100

/** What Baileys wants of an auth state, over an open native session. Nothing of it needs `this`. */
function makeAuthState(store, native, accountId, { initAuthCreds, proto }) {
  let closing

  const requireOpen = (operation) => {
    if (closing) {
      throw new SessionStoreError('ERR_CLOSED', 'it was closed; open the account again', {
        operation,
        accountId,
      })
    }
  }

  /** What the native part answered, if it is no refusal. */
  const answerOf = (operation, answer) => {
    if (isFailure(answer)) throw fromFailure(answer, operation, accountId)
    return answer
  }

  /** A value as Baileys wants it, of what the native part gave for it. */
  const revive = (type, raw) => {
    const value = decode(raw)
    return type === 'app-state-sync-key' && value
      ? proto.Message.AppStateSyncKeyData.fromObject(value)
      : value
  }

  /** What is stored of records that are known to be named properly, in the order of their ids: from memory, or waited for. */
  const read = (operation, type, ids) =>
    answerOf(operation, native.read(type, ids)) ??
    store.call(operation, accountId, (token) => native.fetch(token, type, ids))

  /** Runs what prepares a write now; whatever it throws becomes a rejection, and nothing was written. */
  const write = (operation, prepare, start) => {
    let prepared
    try {
      requireOpen(operation)
      prepared = prepare()
    } catch (error) {
      return refused(asArgumentError(error, operation, accountId))
    }
    return prepared.length === 0
      ? Promise.resolve()
      : store.write(operation, accountId, native, (token) => start(token, prepared))
  }

  const get = async (type, ids) => {
    requireOpen('get')
    const names = checked('get', accountId, () => idsOf(type, ids))
    const held = read('get', type, names)
    // What is in memory costs no turn of the event loop.
    const values = Array.isArray(held) ? held : await held
    const answer = {}
    for (let at = 0; at < names.length; at += 1) define(answer, names[at], revive(type, values[at]))
    return answer
  }

  const set = (data) =>
    write(
      'set',
      () => recordsOf(data),
      (token, records) => native.write(token, records),
    )

  const clear = () =>
    write(
      'clear keys',
      () => 'everything',
      (token) => native.deleteKeys(token),
    )

  const idsOfType = (operation, type) =>
    store.call(operation, accountId, (token) => native.ids(token, type))

  const listIds = async function* (type) {
    requireOpen('listIds')
    checked('listIds', accountId, () => requireName(type, 'a record type'))
    yield* await idsOfType('listIds', type)
  }

  const list = async function* (type) {
    requireOpen('list')
    checked('list', accountId, () => requireName(type, 'a record type'))
    const ids = await idsOfType('list', type)
    for (let at = 0; at < ids.length; at += LIST_BATCH) {
      requireOpen('list')
      const batch = ids.slice(at, at + LIST_BATCH)
      const values = await read('list', type, batch)
      for (const [index, id] of batch.entries()) {
        const value = revive(type, values[index])
        // Null is one that was deleted since the iteration began.
        if (value !== null) yield [id, value]
      }
    }
  }

  const stored = native.takeCreds()
  const creds = stored === null ? initAuthCreds() : JSON.parse(stored, reviver)

  const saveCreds = () =>
    write(
      'saveCreds',
      () => encode(creds),
      (token, text) => native.writeCreds(token, text),
    )

  const close = () => {
    closing ??= store.call('close', accountId, (token) => native.close(token))
    return closing
  }

  return { state: { creds, keys: { get, set, clear, list, listIds } }, saveCreds, close }
}

/** A rejection that is no unhandled one if nobody awaits it. */
function refused(error) {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}

/** Runs a check of arguments that may be hostile: whatever they throw becomes an argument error. */
function checked(operation, accountId, check) {
  try {
    return check()
  } catch (error) {
    throw asArgumentError(error, operation, accountId)
  }
}

/** The error for what a check threw: one of its own, told with where and whose, or whatever the arguments threw. */
function asArgumentError(error, operation, accountId) {
  if (!SessionStoreError.isOurs(error)) {
    return argumentError(UNSTORABLE, operation, accountId)
  }
  return error.operation === undefined ? argumentError(error.message, operation, accountId) : error
}

/** The records of a `set` call, flat: type, id and stored value. */
function recordsOf(data) {
  if (typeof data !== 'object' || data === null) {
    throw argumentError('it takes an object of record types')
  }
  const records = []
  for (const type of Object.keys(data)) {
    const values = data[type]
    if (values === undefined || values === null) continue
    if (typeof values !== 'object') throw argumentError('a record type takes an object of records')
    requireName(type, 'a record type')
    for (const id of Object.keys(values)) {
      requireName(id, 'an id')
      records.push(type, id, encode(values[id]))
    }
  }
  return records
}

function idsOf(type, ids) {
  requireName(type, 'a record type')
  if (!Array.isArray(ids)) throw argumentError('ids must be an array of strings')
  return Array.from(ids, (id) => {
    // The reference builds a file name of the id, and so takes numbers too.
    const name = typeof id === 'number' ? String(id) : id
    requireName(name, 'an id')
    return name
  })
}

function requireName(name, what) {
  if (typeof name !== 'string') throw argumentError(`${what} must be a string`)
  if (!name.isWellFormed())
    throw argumentError(`${what} holds half a surrogate pair, which no text can carry`)
}

/** Sets an own property, whatever its name: assigning `__proto__` would change the prototype instead. */
function define(object, name, value) {
  if (name === '__proto__') {
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else {
    object[name] = value
  }
}

module.exports = { makeAuthState }
