'use strict'

const { SessionStoreError, argumentError, fromFailure, isFailure } = require('./errors.js')
const { decode, encode, reviver } = require('./values.js')

const UNSTORABLE =
  'an argument cannot be read or a value not be stored (it is circular, nested too deep, or holds a BigInt or ' +
  'something that throws); nothing of the call was written'

/** How many values `list` reads at a time. */
const LIST_BATCH = 100

/** An open account. */
class AuthState {
  #store
  #native
  #account
  #proto
  #creds
  #closing

  /** `account`: its id, and who is told of it; `stored`: the credentials' text, or null. */
  constructor(store, native, account, { initAuthCreds, proto }, stored) {
    this.#store = store
    this.#native = native
    this.#account = account
    this.#proto = proto
    this.#creds = stored === null ? initAuthCreds() : JSON.parse(stored, reviver)
  }

  /** What Baileys wants of an auth state. Nothing of it needs `this`, and there is no more of it than is handed out: thousands
   * of accounts may be open and idle. */
  handle() {
    return {
      state: {
        creds: this.#creds,
        keys: {
          get: (type, ids) => this.#get(type, ids),
          set: (data) => this.#set(data),
          clear: () => this.#clear(),
          list: (type) => this.#list(type),
          listIds: (type) => this.#listIds(type),
        },
      },
      saveCreds: () => this.#saveCreds(),
      close: () => this.#close(),
    }
  }

  async #get(type, ids) {
    this.#requireOpen('get')
    const names = this.#checked('get', () => idsOf(type, ids))
    const held = this.#read('get', type, names)
    // What is in memory costs no turn of the event loop.
    const values = Array.isArray(held) ? held : await held
    const answer = {}
    for (let at = 0; at < names.length; at += 1) {
      define(answer, names[at], this.#revive(type, values[at]))
    }
    return answer
  }

  #set(data) {
    return this.#write(
      'set',
      () => recordsOf(data),
      (token, records) => this.#native.write(token, records),
    )
  }

  #clear() {
    return this.#write(
      'clear keys',
      () => 'everything',
      (token) => this.#native.deleteKeys(token),
    )
  }

  #saveCreds() {
    return this.#write(
      'saveCreds',
      () => encode(this.#creds),
      (token, text) => this.#native.writeCreds(token, text),
    )
  }

  async *#listIds(type) {
    this.#requireOpen('listIds')
    this.#checked('listIds', () => requireName(type, 'a record type'))
    yield* await this.#idsOfType('listIds', type)
  }

  async *#list(type) {
    this.#requireOpen('list')
    this.#checked('list', () => requireName(type, 'a record type'))
    const ids = await this.#idsOfType('list', type)
    for (let at = 0; at < ids.length; at += LIST_BATCH) {
      this.#requireOpen('list')
      const batch = ids.slice(at, at + LIST_BATCH)
      const values = await this.#read('list', type, batch)
      for (const [index, id] of batch.entries()) {
        const value = this.#revive(type, values[index])
        // Null is one that was deleted since the iteration began.
        if (value !== null) yield [id, value]
      }
    }
  }

  #close() {
    this.#closing ??= this.#store.call('close', this.#account, (token) => this.#native.close(token))
    return this.#closing
  }

  #idsOfType(operation, type) {
    return this.#store.call(operation, this.#account, (token) => this.#native.ids(token, type))
  }

  /** What is stored of records that are known to be named properly, in the order of their ids: from memory, or waited for. */
  #read(operation, type, ids) {
    const answer = this.#native.read(type, ids)
    if (isFailure(answer)) {
      throw this.#refused(fromFailure(answer, operation, this.#account.accountId))
    }
    if (answer !== null) return answer
    return this.#store.call(operation, this.#account, (token) =>
      this.#native.fetch(token, type, ids),
    )
  }

  /** A value as Baileys wants it, of what the native part gave for it. */
  #revive(type, raw) {
    const value = decode(raw)
    return type === 'app-state-sync-key' && value
      ? this.#proto.Message.AppStateSyncKeyData.fromObject(value)
      : value
  }

  /** Runs what prepares a write now; whatever it throws becomes a rejection, and nothing was written. */
  #write(operation, prepare, start) {
    let prepared
    try {
      this.#requireOpen(operation)
      prepared = this.#checked(operation, prepare)
    } catch (error) {
      return quietly(error)
    }
    if (prepared.length === 0) return Promise.resolve()
    const { accountId, observer } = this.#account
    const written = this.#store.write(operation, this.#account, this.#native, (token) =>
      start(token, prepared),
    )
    observer.saving(operation, accountId, prepared, written)
    return written
  }

  /** Runs a check of arguments that may be hostile: whatever they throw becomes an argument error. */
  #checked(operation, check) {
    try {
      return check()
    } catch (error) {
      throw this.#refused(asArgumentError(error, operation, this.#account.accountId))
    }
  }

  #requireOpen(operation) {
    if (this.#closing) {
      const { accountId } = this.#account
      throw this.#refused(
        new SessionStoreError('ERR_CLOSED', 'it was closed; open the account again', {
          operation,
          accountId,
        }),
      )
    }
  }

  /** Tells that a call is refused, and gives the error for it. */
  #refused(error) {
    const { observer } = this.#account
    observer.refused(error, observer.log.now())
    return error
  }
}

/** A rejection that is no unhandled one if nobody awaits it. */
function quietly(error) {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
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

module.exports = { AuthState }
