'use strict'

const { runScript } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { addAccount, environment, makeProxy, readStored } = require('./stores')

// How a Node.js process ends that has used the package: by itself when it has nothing left to do, and never by a crash.

/** What a busy machine may need to end a process that has nothing left to do. */
const PROMPT_MS = 2_000

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, account

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  beforeEach(async () => {
    account = await addAccount(db)
  })

  /** Runs the body of an async function in a process of its own, which has the package's functions and `account`. */
  function run(body, databaseUrl = db.url) {
    const script = `
    const { createSessionStore, useDatabaseAuthState, clearDatabaseSession } = require('.')
    const account = ${JSON.stringify(account)}
    const record = (n) => ({ session: { peer: { n } } })
    ;(async () => {${body}})()`
    return runScript(script, environment(databaseUrl))
  }

  const stored = async () => (await readStored(db, account)).keys['session-peer']

  describe('a process with nothing left to do ends by itself', () => {
    test.each([
      ['after it has made a store', 'createSessionStore()'],
      ['after it has opened an account', 'await useDatabaseAuthState(account)'],
      [
        'after sets and gets',
        `const { state, saveCreds } = await useDatabaseAuthState(account)
       await Promise.all([saveCreds(), state.keys.set(record(1))])
       await state.keys.get('session', ['peer'])`,
      ],
      [
        'after close()',
        `const store = createSessionStore()
       const { close } = await store.useAuthState(account)
       await close()
       await store.close()`,
      ],
      ['after a clear', 'await clearDatabaseSession(account)'],
      ['after a failure', `await useDatabaseAuthState('nobody').catch(() => {})`],
    ])('%s', async (_, body) => {
      const { code, signal, stdout, stderr, lingeredMs } = await run(`${body}; console.log('done')`)
      expect({ code, signal, stdout, stderr }).toEqual({
        code: 0,
        signal: null,
        stdout: 'done\n',
        stderr: '',
      })
      expect(lingeredMs).toBeLessThan(PROMPT_MS)
    })

    test('after its database went silent, and the time to write is up', async () => {
      const proxy = await makeProxy(db.url)
      proxy.pause()
      const { code, stdout } = await run(
        `const store = createSessionStore({ writeTimeoutMs: 500 })
       await store.useAuthState(account).catch(({ code }) => console.log(code))`,
        proxy.url(db.url),
      )
      expect(code).toBe(0)
      expect(stdout).toMatch(/^ERR_DB_(TIMEOUT|UNAVAILABLE)\n$/)
    })
  })

  describe('what nobody awaits at the end of a script is durable before the process ends', () => {
    test.each([
      ['a set', 'state.keys.set(record(7))'],
      ['many sets', 'for (let n = 0; n <= 7; n++) state.keys.set(record(n))'],
      [
        'a save after a set',
        'state.keys.set(record(7)); state.creds.registered = true; saveCreds()',
      ],
      ['a close after a set', 'state.keys.set(record(7)); close()'],
    ])('%s', async (_, body) => {
      const proxy = await makeProxy(db.url)
      proxy.delay({ toServerMs: 50, toClientMs: 50 })
      const { code, stderr } = await run(
        `const { state, saveCreds, close } = await useDatabaseAuthState(account); ${body}`,
        proxy.url(db.url),
      )
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(await stored()).toEqual({ n: 7 })
      if (body.includes('saveCreds')) {
        expect((await readStored(db, account)).creds.registered).toBe(true)
      }
    })

    test('a clear', async () => {
      await run('await (await useDatabaseAuthState(account)).saveCreds()')
      const { code } = await run('clearDatabaseSession(account)')
      expect(code).toBe(0)
      expect(await db.stored(account)).toBeNull()
    })
  })

  describe('process.exit() in the middle of work gives its status, and no crash', () => {
    const load = `
    const { state, saveCreds, close } = await useDatabaseAuthState(account)
    const write = async () => { for (let n = 1; ; n++) await state.keys.set(record(n)) }
    for (let at = 0; at < 5; at++) write()
    await state.keys.set(record(0))`

    test.each([
      ['while opening', 'useDatabaseAuthState(account); setImmediate(() => process.exit(7))'],
      [
        'while the key is derived',
        'useDatabaseAuthState(account); setTimeout(() => process.exit(7), 30)',
      ],
      ['in the middle of sets', `${load}; process.exit(7)`],
      ['a little later', `${load}; setTimeout(() => process.exit(7), 20)`],
      ['right after a set was called', `${load}; state.keys.set(record(0)); process.exit(7)`],
      ['while closing', `${load}; close(); process.exit(7)`],
      ['in a handler', `${load}; state.keys.set(record(0)).then(() => process.exit(7))`],
      [
        'in the exit handler of another',
        `process.on('exit', () => state.keys.set(record(0)));
      const { state } = await useDatabaseAuthState(account); process.exit(7)`,
      ],
    ])('%s', async (_, body) => {
      for (let round = 0; round < 3; round++) {
        const { code, signal, stderr } = await run(body)
        expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })
      }
    })

    test('an exception that nobody catches ends it as it does any process', async () => {
      const { code, signal, stderr } = await run(
        `${load}; throw new Error('a bug of the application')`,
      )
      expect({ code, signal }).toEqual({ code: 1, signal: null })
      expect(stderr).toContain('a bug of the application')
    })

    test('what was acknowledged before is there', async () => {
      const { code } = await run(`
      const { state } = await useDatabaseAuthState(account)
      await state.keys.set(record(3))
      process.exit(0)`)
      expect(code).toBe(0)
      expect(await stored()).toEqual({ n: 3 })
    })
  })
})
