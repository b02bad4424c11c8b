'use strict'

const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { environment } = require('./stores')

// Key derivation takes some 50 ms of a processor, for rows six times that. Times are compared with the same derivation, done
// by Node.js in the same process, so that they mean the same on every machine.

/** What a derivation costs in each layout, as scrypt's parameters. */
const COSTS = {
  column: { N: 2 ** 14, r: 8, p: 1 },
  rows: { N: 2 ** 15, r: 8, p: 3, maxmem: 64 << 20 },
}

const ACCOUNTS = Array.from({ length: 20 }, (_, n) => `account-${n}`)

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ACCOUNTS })
  })

  afterAll(() => db.drop())

  beforeEach(() => db.query(sqlOf[layout].empty))

  async function measure(body) {
    const script = `
    const { scryptSync } = require('node:crypto')
    const { monitorEventLoopDelay, performance } = require('node:perf_hooks')
    const { setTimeout: delay } = require('node:timers/promises')
    const { createSessionStore } = require('.')
    const accounts = ${JSON.stringify(ACCOUNTS)}
    const quick = {
      initAuthCreds: () => ({}),
      proto: { Message: { AppStateSyncKeyData: { fromObject: (object) => object } } },
    }
    const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3 }
    const least = (list) => Math.min(...list)
    const costs = ${JSON.stringify(COSTS)}
    /** The time that Node.js takes for it. */
    const derivation = (clock, cost = costs.${layout}) => least([1, 2, 3].map(() => {
      const from = clock()
      scryptSync('a secret', 'whatsapp-session-salt', 32, cost)
      return clock() - from
    }))
    ;(async () => {${body}})().then((result) => console.log(JSON.stringify(result)))`
    const { code, stdout, stderr } = await runScript(script, environment(db.url))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  test('the event loop stays free while the key is derived', async () => {
    const { derivationMs, delaysMs } = await measure(`
    await createSessionStore({ baileys: quick }).useAuthState(accounts[0])
    const delaysMs = []
    for (let round = 0; round < 8; round++) {
      // A new secret each time, so that there is something to derive.
      const store = createSessionStore({ baileys: quick, secret: 'a secret of good length ' + round })
      const monitor = monitorEventLoopDelay({ resolution: 1 })
      await delay(5)
      monitor.enable()
      await store.useAuthState(accounts[round + 1])
      await delay(5)
      monitor.disable()
      delaysMs.push(monitor.max / 1e6)
    }
    return { derivationMs: derivation(() => performance.now()), delaysMs }`)
    // Other processes may hold up any round, but a derivation on this thread would hold up all of them.
    expect(Math.min(...delaysMs)).toBeLessThan(derivationMs / 2)
  })

  test('the key is derived once per secret and process, whatever is opened, written and cleared', async () => {
    const { derivationMs, opensMs } = await measure(`
    const first = createSessionStore({ baileys: quick })
    await first.useAuthState(accounts[0])
    const from = cpuMs()
    const second = createSessionStore({ baileys: quick })
    await Promise.all(accounts.map(async (account, at) => {
      const store = at % 2 ? first : second
      const { state, saveCreds } = await store.useAuthState(account)
      await Promise.all([saveCreds(), state.keys.set({ session: { a: { n: 1 } } })])
      await store.clear(account)
    }))
    return { opensMs: cpuMs() - from, derivationMs: derivation(cpuMs) }`)
    // Twenty accounts, each opened, written twice and cleared, with processor time for fewer than five derivations.
    expect(opensMs).toBeLessThan(5 * derivationMs)
  })

  test('opening many accounts at once for the first time derives the key once', async () => {
    const { derivationMs, opensMs } = await measure(`
    const from = cpuMs()
    const store = createSessionStore({ baileys: quick })
    await Promise.all(accounts.map((account) => store.useAuthState(account)))
    return { opensMs: cpuMs() - from, derivationMs: derivation(cpuMs) }`)
    expect(opensMs).toBeLessThan(6 * derivationMs)
  })

  test('the event loop stays free while large sessions are sealed', async () => {
    const { derivationMs, delaysMs } = await measure(`
    const { state } = await createSessionStore({ baileys: quick }).useAuthState(accounts[0])
    const record = { text: 'x'.repeat(10_000) }
    const records = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [n, record]))
    await state.keys.set({ session: records })
    const delaysMs = []
    for (let round = 0; round < 8; round++) {
      const monitor = monitorEventLoopDelay({ resolution: 1 })
      await delay(5)
      monitor.enable()
      await state.keys.set({ session: { a: { n: round } } })
      await delay(5)
      monitor.disable()
      delaysMs.push(monitor.max / 1e6)
    }
    return { derivationMs: derivation(() => performance.now(), costs.column), delaysMs }`)
    // Ten megabytes are sealed and written as twenty of hex; in rows it is one record.
    expect(Math.min(...delaysMs)).toBeLessThan(derivationMs / 4)
  })
})
