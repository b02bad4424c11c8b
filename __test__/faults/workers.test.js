'use strict'

const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { environment, readStored } = require('./stores')

// Several worker threads of one process load the addon, work, end and are ended.

const ACCOUNTS = ['a', 'b', 'c', 'd']

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ACCOUNTS })
  })

  afterAll(() => db.drop())

  /** Runs the body of an async function in a process of its own, which can start workers. */
  async function run(body) {
    const script = `
    const { once } = require('node:events')
    const { Worker } = require('node:worker_threads')
    const accounts = ${JSON.stringify(ACCOUNTS)}
    const start = (account, job) =>
      new Worker('./__test__/faults/worker.js', { workerData: { account, job } })
    const result = async (worker) => {
      const [[message], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      return { ...message, code }
    }
    const print = (value) => console.log(JSON.stringify(value))
    ;(async () => {${body}})()`
    const { code, signal, stdout, stderr } = await runScript(script, environment(db.url))
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  test('several workers and the main thread work at once, and all end by themselves', async () => {
    const [results, own] = await run(`
    const results = ['a', 'b', 'c'].map((account) => result(start(account, 'once')))
    const { state } = await require('.').useDatabaseAuthState('d')
    await state.keys.set({ session: { peer: { account: 'd' } } })
    print(await Promise.all(results))
    print(await state.keys.get('session', ['peer']))`)
    expect(results).toEqual(['a', 'b', 'c'].map((account) => ({ peer: { account }, code: 0 })))
    expect(own).toEqual({ peer: { account: 'd' } })
  })

  test('the addon is loaded in a worker that ends, then in another, never in the main thread', async () => {
    const results = await run(`
    for (const account of accounts) print(await result(start(account, 'once')))`)
    expect(results).toEqual(ACCOUNTS.map((account) => ({ peer: { account }, code: 0 })))
  })

  test('workers are terminated in the middle of writes; what they were told is there', async () => {
    const rounds = await run(`
    for (let round = 0; round < 5; round++) {
      const acknowledged = {}
      const workers = accounts.map((account) => {
        acknowledged[account] = {}
        const worker = start(account, 'load')
        worker.on('message', (message) => Object.assign(acknowledged[account], message))
        return worker
      })
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 50))
      await Promise.all(workers.map((worker) => worker.terminate()))
      const { createSessionStore } = require('.')
      const store = createSessionStore()
      for (const account of accounts) {
        const { state } = await store.useAuthState(account)
        print([acknowledged[account], await state.keys.get('session', ['a', 'b', 'c'])])
        await state.keys.clear()
      }
      await store.close()
    }`)
    expect(rounds).toHaveLength(5 * ACCOUNTS.length)
    for (const [acknowledged, stored] of rounds) {
      expect(Object.keys(acknowledged).length).toBeGreaterThan(0)
      for (const [name, n] of Object.entries(acknowledged)) {
        expect(stored[name].n).toBeGreaterThanOrEqual(n)
      }
    }
  })

  test('workers are terminated while they open', async () => {
    await run(`
    for (let ms = 0; ms < 300; ms += 25) {
      const workers = accounts.map((account) => start(account, 'load'))
      await new Promise((resolve) => setTimeout(resolve, ms))
      await Promise.all(workers.map((worker) => worker.terminate()))
    }`)
  })

  test('a worker that ends itself in the middle of writes ends nobody else', async () => {
    const [codes, results] = await run(`
    const ending = ['a', 'b'].map((account) => once(start(account, 'exit'), 'exit'))
    const working = ['c', 'd'].map((account) => result(start(account, 'once')))
    print((await Promise.all(ending)).flat())
    print(await Promise.all(working))`)
    expect(codes).toEqual([5, 5])
    expect(results.map(({ code }) => code)).toEqual([0, 0])
  })

  test('an account goes from the main thread to a worker, with the saves that nobody awaited', async () => {
    const [taken, late] = await run(`
    const { state, saveCreds } = await require('.').useDatabaseAuthState('a')
    const worker = start('a', 'read')
    state.creds.registered = true
    saveCreds()
    state.keys.set({ session: { peer: { n: 42 } } })
    print(await result(worker))
    print(await saveCreds().catch(({ code }) => code))`)
    expect(taken).toEqual({ registered: true, peer: { n: 42 }, code: 0 })
    expect(late).toBe('ERR_SESSION_SUPERSEDED')
    expect((await readStored(db, 'a')).creds.registered).toBe(true)
  })

  test('the process exits with its status while workers write', async () => {
    const script = `
    const { Worker } = require('node:worker_threads')
    for (const account of ${JSON.stringify(ACCOUNTS)}) {
      const workerData = { account, job: 'load' }
      const worker = new Worker('./__test__/faults/worker.js', { workerData })
      worker.once('message', () => setTimeout(() => process.exit(9), 30))
    }`
    for (let round = 0; round < 5; round++) {
      const { code, signal, stderr } = await runScript(script, environment(db.url))
      expect({ code, signal, stderr }).toEqual({ code: 9, signal: null, stderr: '' })
    }
  })
})
