'use strict'

const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const {
  SECRET,
  carryOut,
  environment,
  expectRefused,
  makeProxy,
  makeStore,
  quickBaileys,
} = require('../faults/stores')

// New data keys: every record of a session is sealed anew, and its owner learns of it.

const OTHER = 'another-secret-of-good-length'

let db
let made = 0

beforeEach(async () => {
  db = await createDatabase({ layout: 'rows' })
})

afterEach(() => db.drop())

const make = (secret, options, url = db.url) =>
  makeStore(url, { baileys: quickBaileys, secret, ...options })
const rotator = (options) => make(OTHER, { previousSecrets: [SECRET], ...options })
/** As `rotator`, and asks the database for each record. */
const uncached = (options) => rotator({ cacheBytes: 0, ...options })

/** A session under the old secret, with `records` records, that is open no more; gives its account. */
async function addSession(records = 10) {
  const account = `account-${++made}`
  const store = make(SECRET)
  const { state, saveCreds } = await store.useAuthState(account)
  state.creds.me = { id: account }
  const sessions = Object.fromEntries(Array.from({ length: records }, (_, n) => [n, { n }]))
  await Promise.all([saveCreds(), state.keys.set({ session: sessions })])
  await store.close()
  return account
}

async function expectSession({ state }, account, records = 10) {
  expect(state.creds.me).toEqual({ id: account })
  const ids = Array.from({ length: records }, (_, n) => String(n))
  const found = await state.keys.get('session', ids)
  expect(ids.filter((id) => found[id]?.n !== Number(id))).toEqual([])
}

async function hashes(account) {
  const { rows } = await db.query(
    `SELECT encode(record_hash, 'hex') AS hash, kind FROM baileys_auth.record
     JOIN baileys_auth.session USING (session_id) WHERE account_id = $1`,
    [account],
  )
  return rows.filter(({ kind }) => kind !== 'creds').map(({ hash }) => hash)
}

async function session(account) {
  const { rows } = await db.query(
    `SELECT epoch::int, opener, rewrapped, encode(key_id, 'hex') AS "keyId", encode(wrapped_key, 'hex') AS wrapped
     FROM baileys_auth.session WHERE account_id = $1`,
    [account],
  )
  return rows[0]
}

async function namesOf({ state }) {
  const names = []
  for await (const id of state.keys.listIds('session')) names.push(id)
  return names.sort()
}

test('every record gets another hash and is sealed anew; nothing is lost', async () => {
  const account = await addSession()
  const before = await hashes(account)
  const report = await rotator().rotate({ rekey: true })
  expect(report).toMatchObject({ rotated: 1, rewrapped: 0, left: 0 })
  const after = await hashes(account)
  expect(after).toHaveLength(before.length)
  expect(after.filter((hash) => before.includes(hash))).toEqual([])
  const handle = await make(OTHER).useAuthState(account)
  await expectSession(handle, account)
  expect(await namesOf(handle)).toHaveLength(10)
})

test('after a change that only wrapped keys anew it is still to be done, and then no more', async () => {
  const accounts = [await addSession(), await addSession()]
  const store = rotator()
  expect(await store.rotate()).toMatchObject({ rotated: 2, rewrapped: 2 })
  // Opening wraps a key anew, too.
  const opened = await addSession()
  await (await store.useAuthState(opened)).close()
  expect(await store.rotate()).toMatchObject({ rotated: 0, rewrapped: 3 })
  expect(await store.rotate({ rekey: true })).toMatchObject({ rotated: 3, rewrapped: 0 })
  expect(await store.rotate({ rekey: true })).toMatchObject({ rotated: 0, rewrapped: 0 })
  for (const account of accounts) {
    await expectSession(await make(OTHER).useAuthState(account), account)
  }
})

test('a session that no earlier secret has protected keeps its key', async () => {
  const handle = await make(OTHER).useAuthState('new')
  await handle.state.keys.set({ session: { 1: { n: 1 } } })
  const before = await db.stored('new')
  expect(await rotator().rotate({ rekey: true })).toMatchObject({ rotated: 0, rewrapped: 0 })
  expect(await db.stored('new')).toBe(before)
})

describe('the owner goes on', () => {
  test.each([
    ['writing', (owner) => owner.state.keys.set({ session: { 3: { n: 3 } } })],
    ['saving its credentials', (owner) => owner.saveCreds()],
    ['deleting', (owner) => owner.state.keys.set({ 'pre-key': { 1: null } })],
    ['reading', (owner, account) => expectSession(owner, account)],
    ['listing', async (owner) => expect(await namesOf(owner)).toHaveLength(10)],
  ])('%s first, and with everything else after that', async (_, first) => {
    const account = await addSession()
    const onSuperseded = jest.fn()
    const owner = await uncached({ onSuperseded }).useAuthState(account)
    const { opener, epoch } = await session(account)
    expect(await rotator().rotate({ rekey: true })).toMatchObject({ rotated: 1 })
    expect(await session(account)).toMatchObject({ opener, epoch: epoch + 1, rewrapped: false })

    await first(owner, account)
    await expectSession(owner, account)
    await owner.state.keys.set({ session: { 10: { n: 10 } } })
    await owner.saveCreds()
    expect(await namesOf(owner)).toHaveLength(11)
    expect(onSuperseded).not.toHaveBeenCalled()
    await owner.close()
    await expectSession(await make(OTHER).useAuthState(account), account, 11)
  })

  test('in another process, and with one session among many of a commit', async () => {
    const accounts = []
    for (let n = 0; n < 5; n++) accounts.push(await addSession(5))
    const env = {
      ...environment(db.url),
      WHATSAPP_SESSION_SECRET: OTHER,
      WHATSAPP_SESSION_SECRET_PREVIOUS: SECRET,
      BAILEYS_AUTH_CACHE_BYTES: '0',
    }
    const child = startChild(require.resolve('../faults/store-process'), env)
    try {
      for (const account of accounts) await child.call('open', account)
      expect(await rotator().rotate({ rekey: true })).toMatchObject({ rotated: 5 })
      const sets = accounts.map((account) =>
        child.call('set', account, { session: { 5: { n: 5 } } }),
      )
      await Promise.all(sets)
      for (const account of accounts) {
        const { 0: first, 5: last } = await child.call('get', account, 'session', ['0', '5'])
        expect([first, last]).toEqual([{ n: 0 }, { n: 5 }])
      }
    } finally {
      await child.stop()
    }
    for (const account of accounts) {
      await expectSession(await make(OTHER).useAuthState(account), account, 6)
    }
  })

  test('deletes what it deletes, also all of it, under the new key', async () => {
    const account = await addSession()
    const owner = await uncached().useAuthState(account)
    await rotator().rotate({ rekey: true })
    await owner.state.keys.set({ session: { 0: null, 1: null } })
    expect(await hashes(account)).toHaveLength(8)
    await owner.state.keys.clear()
    expect(await hashes(account)).toEqual([])
  })

  test('a write without an answer does not come late under the old key', async () => {
    const account = await addSession()
    const proxy = await makeProxy(db.url)
    const owner = await make(
      OTHER,
      { previousSecrets: [SECRET], cacheBytes: 0, writeTimeoutMs: 2_000 },
      proxy.url(db.url),
    ).useAuthState(account)
    proxy.hold()
    // It goes another way, and what is held may come yet.
    await owner.state.keys.set({ session: { 0: { n: -1 } } })
    expect(await rotator().rotate({ rekey: true })).toMatchObject({ rotated: 1 })
    await owner.state.keys.set({ session: { 0: { n: 0 }, 10: { n: 10 } } })
    await carryOut(db, proxy)
    await expectSession(owner, account, 11)
    expect(await hashes(account)).toHaveLength(11)
    await expectSession(await make(OTHER).useAuthState(account), account, 11)
  })

  test('not with an earlier secret alone: it is refused, and what is stored is as it was', async () => {
    const account = await addSession()
    const owner = await make(SECRET, { cacheBytes: 0 }).useAuthState(account)
    await rotator().rotate({ rekey: true })
    const before = await db.stored(account)
    await expectRefused(owner.state.keys.set({ session: { 0: { n: -1 } } }), 'ERR_WRONG_SECRET')
    await expectRefused(owner.state.keys.get('session', ['0']), 'ERR_WRONG_SECRET')
    await expectRefused(owner.saveCreds(), 'ERR_WRONG_SECRET')
    await expectRefused(namesOf(owner), 'ERR_WRONG_SECRET')
    expect(await db.stored(account)).toBe(before)
    await expectSession(await make(OTHER).useAuthState(account), account)
  })
})

test('a former owner is still a former one', async () => {
  const account = await addSession()
  const former = await uncached().useAuthState(account)
  await uncached().useAuthState(account)
  await rotator().rotate({ rekey: true })
  await expectRefused(former.state.keys.get('session', ['0']), 'ERR_SESSION_SUPERSEDED')
  await expectRefused(former.saveCreds(), 'ERR_SESSION_SUPERSEDED')
})

test('opens, writes, reads and lists meanwhile never miss a record', async () => {
  const account = await addSession(300)
  const backAndForth = [
    make(OTHER, { previousSecrets: [SECRET] }),
    make(SECRET, { previousSecrets: [OTHER] }),
  ]
  const owners = make(SECRET, { previousSecrets: [OTHER], cacheBytes: 0 })
  let owner = await owners.useAuthState(account)
  let rotated = 0
  let isOver = false
  const rotating = (async () => {
    for (let n = 0; !isOver; n++) {
      rotated += (await backAndForth[n % 2].rotate({ rekey: true })).rotated
    }
  })()
  for (let n = 0; n < 40 || rotated < 10; n++) {
    const id = String(n % 300)
    await owner.state.keys.set({ 'pre-key': { [id]: { n } } })
    const [{ [id]: found }, { [id]: written }] = await Promise.all([
      owner.state.keys.get('session', [id]),
      owner.state.keys.get('pre-key', [id]),
    ])
    expect([found, written]).toEqual([{ n: n % 300 }, { n }])
    if (n % 10 === 5) owner = await owners.useAuthState(account)
    if (n % 10 === 9) expect(await namesOf(owner)).toHaveLength(300)
  }
  isOver = true
  await rotating
  await expectSession(await owners.useAuthState(account), account, 300)
})

test('a session with a record that is unreadable is named and keeps its key, which the new secret wraps', async () => {
  const [account, other] = [await addSession(), await addSession()]
  await db.query(
    `UPDATE baileys_auth.record SET value = set_byte(value, 20, get_byte(value, 20) # 1)
     WHERE record_hash = decode($1, 'hex')`,
    [(await hashes(account))[0]],
  )
  const before = await hashes(account)
  const report = await rotator().rotate({ rekey: true })
  expect(report).toMatchObject({ rotated: 1, rewrapped: 1, left: 1 })
  expect(report.unrotated).toMatchObject([{ accountId: account, code: 'ERR_UNREADABLE' }])
  expect((await hashes(account)).sort()).toEqual(before.sort())
  expect(report.keys.find(({ secret }) => secret === 'previous').sessions).toBe(0)
  const { state } = await make(OTHER).useAuthState(account)
  const readable = Array.from({ length: 10 }, (_, n) => state.keys.get('session', [String(n)]))
  const outcomes = await Promise.allSettled(readable)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(9)
  await expectSession(await make(OTHER).useAuthState(other), other)
})

test('a signal in the middle of a session leaves that one as it was', async () => {
  const account = await addSession(3_000)
  const before = await db.stored(account)
  const controller = new AbortController()
  const store = rotator()
  const rotation = store.rotate({ rekey: true, signal: controller.signal })
  const { Client } = require('pg')
  const watcher = new Client({ connectionString: db.url })
  await watcher.connect()
  try {
    // Until the session's row is held.
    const free = 'SELECT FROM baileys_auth.session FOR UPDATE SKIP LOCKED'
    while ((await watcher.query(free)).rowCount > 0);
  } finally {
    await watcher.end()
  }
  controller.abort()
  await expect(rotation).rejects.toBe(controller.signal.reason)
  expect(await db.stored(account)).toBe(before)
  expect(await store.rotate({ rekey: true })).toMatchObject({ rotated: 1 })
  await expectSession(await make(OTHER).useAuthState(account), account, 3_000)
})

test('a process that is killed in the middle leaves each session with one key or the other, whole', async () => {
  const accounts = []
  for (let n = 0; n < 6; n++) accounts.push(await addSession(500))
  const env = {
    ...environment(db.url),
    WHATSAPP_SESSION_SECRET: OTHER,
    WHATSAPP_SESSION_SECRET_PREVIOUS: SECRET,
    ROTATION: JSON.stringify({ rekey: true }),
  }
  const child = startChild(require.resolve('../../soak/rotation-process'), env)
  const seen = await new Promise((resolve) => {
    child.onMessage(({ rotated }) => rotated > 0 && resolve(rotated))
  })
  await child.kill()
  expect(seen).toBeLessThan(accounts.length)
  const report = await rotator().rotate({ rekey: true })
  expect(report).toMatchObject({ rewrapped: 0, left: 0 })
  expect(report.rotated).toBeLessThanOrEqual(accounts.length - seen)
  const after = make(OTHER)
  for (const account of accounts)
    await expectSession(await after.useAuthState(account), account, 500)
})

test('sessions that the accounts table still holds are sealed anew there, and adopted as ever', async () => {
  const column = await createDatabase({ layout: 'column', accounts: ['a', 'b'] })
  try {
    for (const account of ['a', 'b']) {
      const store = make(SECRET, {}, column.url)
      const { state, saveCreds } = await store.useAuthState(account)
      state.creds.me = { id: account }
      await saveCreds()
      await store.close()
    }
    const store = make(OTHER, { previousSecrets: [SECRET], layout: 'rows' }, column.url)
    await (await store.useAuthState('a')).close()
    const report = await store.rotate()
    expect(report).toMatchObject({ rotated: 1, left: 0 })
    expect(report.keys.filter(({ sessions }) => sessions > 0)).toMatchObject([
      { secret: 'current', sessions: 1 },
      { keyId: 'secret', secret: 'current', sessions: 1 },
    ])
    const after = make(OTHER, {}, column.url)
    for (const account of ['a', 'b']) {
      expect((await after.useAuthState(account)).state.creds.me).toEqual({ id: account })
    }
  } finally {
    await column.drop()
  }
})
