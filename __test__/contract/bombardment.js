'use strict'

const { createSessionStore, SessionStoreError, ...api } = require('../../index')
const { endlessLists, hostileArguments } = require('./hostile-values')

// Calls every public function with every hostile argument in every place, in a process of its own since it may crash.
// Whatever happens has to be a result or a SessionStoreError; the rest is reported to the parent.

const options = JSON.parse(process.argv[2])
const nestedOptions = {
  accountsTable: ['schema', 'table', 'id', 'sessionData', 'updatedAt'],
  pool: ['size', 'waitTimeoutMs', 'connectTimeoutMs', 'recycleTimeoutMs'],
  tls: ['mode', 'ca', 'cert', 'key'],
}
const proto = { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } }
const optionNames = [
  'databaseUrl',
  'secret',
  'previousSecrets',
  'layout',
  'schema',
  'autoMigrate',
  'cacheBytes',
  ...Object.keys(nestedOptions),
  'writeTimeoutMs',
  'durability',
  'logger',
  'baileys',
  'onAudit',
  'onSuperseded',
]
// These would wait for a server that is not there, or derive a key of each of 50,000 secrets; that they are taken or
// refused is enough.
const notConnected = new Set(['databaseUrl', 'tls', 'pool', 'writeTimeoutMs', 'previousSecrets'])

/** Places of functions that need no open account: name, and a call with the argument there. */
function storePlaces(sealed) {
  const create = async (storeOptions, isOpened) => {
    const store = createSessionStore(storeOptions)
    try {
      if (!isOpened) return
      // What was sealed with another secret, or is no credentials at all, would refuse the next call.
      await store.clear('bystander')
      const handle = await store.useAuthState('bystander')
      await handle.saveCreds()
      await handle.close()
    } finally {
      await store.close()
    }
  }
  const { secret } = options
  return {
    'createSessionStore()': (x) => create(x),
    ...fromEach(optionNames, (name) => [
      `createSessionStore({ ${name} })`,
      (x) => create({ ...options, [name]: x }, !notConnected.has(name)),
    ]),
    ...fromEach(Object.entries(nestedOptions), ([name, inner]) => [
      `createSessionStore({ ${name}: { … } })`,
      async (x) => {
        for (const key of inner) {
          await settled(() => create({ ...options, [name]: { [key]: x } }), `option ${name}.${key}`)
        }
      },
    ]),
    'createSessionStore({ baileys: { initAuthCreds: () => x } })': (x) =>
      create({ ...options, baileys: { initAuthCreds: () => x, proto } }, true),
    // A warning at once, for the unknown parameter, and a debug line for the refused call.
    'a logger that throws x': async (x) => {
      const log = () => {
        throw x
      }
      const store = createSessionStore({
        ...options,
        databaseUrl: `${options.databaseUrl}?unknown=1`,
        logger: { debug: log, info: log, warn: log, error: log },
      })
      try {
        await store.useAuthState('nobody')
      } finally {
        await store.close()
      }
    },
    'an onAudit that throws x': (x) =>
      create(
        {
          ...options,
          onAudit: () => {
            throw x
          },
        },
        true,
      ),
    'an onAudit that gives x': (x) => create({ ...options, onAudit: () => x }, true),
    'createSessionStore({ previousSecrets: [x] })': (x) =>
      create({ ...options, previousSecrets: [x] }),
    'useDatabaseAuthState(x)': async (x) => (await api.useDatabaseAuthState(x, options)).close(),
    'useDatabaseAuthState(, x)': async (x) =>
      (await api.useDatabaseAuthState('bystander', x)).close(),
    'clearDatabaseSession(x)': (x) => api.clearDatabaseSession(x, options),
    'clearDatabaseSession(, x)': (x) => api.clearDatabaseSession('bystander', x),
    'encryptData(x)': (x) => api.encryptData(x, secret),
    'encryptData(, x)': (x) => api.encryptData('text', x),
    'decryptData(x)': (x) => api.decryptData(x, secret),
    'decryptData(, x)': (x) => api.decryptData(sealed, x),
    ...fromEach(Object.keys(sealed), (part) => [
      `decryptData({ ${part} })`,
      (x) => api.decryptData({ ...sealed, [part]: x }, secret),
    ]),
    // In an array, since what they give may be a thenable.
    'serializeBuffers(x)': (x) => [api.serializeBuffers(x)],
    'serializeBuffers({ x })': (x) => [api.serializeBuffers({ x })],
    'deserializeBuffers(x)': (x) => [api.deserializeBuffers(x)],
    'deserializeBuffers({ type, data: x })': (x) => [
      api.deserializeBuffers({ type: 'Buffer', data: x }),
    ],
  }
}

/** Places of an open account's functions. */
function accountPlaces(store, { state, saveCreds }) {
  const { keys, creds } = state
  const iterate = async (iterator) => {
    for await (const _ of iterator);
  }
  const saveWith = async (name, x) => {
    const before = creds[name]
    creds[name] = x
    try {
      await saveCreds()
    } finally {
      creds[name] = before
    }
  }
  const reenter = (act) => ({
    toJSON() {
      settled(act, 'reentered')
      return 'reentered'
    },
  })
  return {
    'keys.get(x)': (x) => keys.get(x, ['1']),
    'keys.get(, x)': (x) => keys.get('session', x),
    'keys.get(, [x])': (x) => keys.get('session', ['1', x]),
    'keys.set(x)': (x) => keys.set(x),
    'keys.set({ type: x })': (x) => keys.set({ session: x }),
    'keys.set({ type: { id: x } })': (x) => keys.set({ session: { 1: x } }),
    'keys.set({ app key: x })': (x) => keys.set({ 'app-state-sync-key': { 1: x } }),
    'keys.set while it is called': (x) =>
      keys.set({ session: { 1: reenter(() => keys.set({ session: { 1: x } })) } }),
    'keys.list(x)': (x) => iterate(keys.list(x)),
    'keys.listIds(x)': (x) => iterate(keys.listIds(x)),
    'keys.clear(x)': (x) => keys.clear(x),
    'saveCreds(x)': (x) => saveCreds(x),
    'saveCreds, additionalData': (x) => saveWith('additionalData', x),
    'saveCreds, me': (x) => saveWith('me', x),
    'saveCreds, signedIdentityKey': (x) => saveWith('signedIdentityKey', x),
    'store.useAuthState(x)': async (x) => (await store.useAuthState(x)).close(),
    'store.clear(x)': (x) => store.clear(x),
    'store.stats(x)': (x) => store.stats(x),
    'close(x)': async (x) => {
      const handle = await store.useAuthState('bystander')
      const { keys: own } = handle.state
      try {
        await own.set({ session: { 1: reenter(() => handle.close(x)) } })
      } finally {
        await handle.close(x)
      }
    },
  }
}

const fromEach = (list, entry) => Object.fromEntries(list.map(entry))

const report = { calls: 0, results: 0, refusals: {}, violations: [] }

/** Makes a call and counts what becomes of it. */
async function settled(call, what) {
  report.calls++
  try {
    await call()
    report.results++
  } catch (error) {
    if (isOurs(error)) {
      report.refusals[error.code] = (report.refusals[error.code] ?? 0) + 1
      if (error.code === 'ERR_INTERNAL') violation(what, error)
    } else violation(what, error)
  }
}

/** What was thrown may be hostile itself. */
function isOurs(error) {
  try {
    return error instanceof SessionStoreError
  } catch {
    return false
  }
}

function violation(what, error) {
  let text = 'something that cannot be printed'
  try {
    text = String(error?.stack ?? error)
  } catch {}
  report.violations.push(`${what}: ${text.slice(0, 300)}`)
}

async function main() {
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, (error) => violation(event, error))
  }
  const store = createSessionStore(options)
  const handle = await store.useAuthState('target')
  await handle.saveCreds()
  const places = {
    ...storePlaces(api.encryptData('text', options.secret)),
    ...accountPlaces(store, handle),
  }
  for (const [place, call] of Object.entries(places)) {
    for (const [name, make] of Object.entries(hostileArguments)) {
      const argument = make()
      await settled(() => call(argument), `${place} with ${name}`)
      // Numbers in an array are records too: without them the next calls are fast again.
      if (name.includes('numbers') || name.includes('ids')) await handle.state.keys.clear()
    }
  }
  for (const [name, make] of Object.entries(endlessLists)) {
    await settled(() => handle.state.keys.get('session', make()), `keys.get with ${name}`)
  }
  await handle.close()
  await store.close()
}

main()
  .catch((error) => violation('the bombardment itself', error))
  // The end is not forced: whatever was left behind would keep the process alive, and the test would see it.
  .finally(() => process.send(report, () => process.disconnect()))
