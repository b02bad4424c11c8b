'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const { join } = require('node:path')

const { createSessionStore, SessionStoreError } = require('../../index')
const { createDatabase } = require('../support/database')
const { refusedValues, hostileArguments } = require('./hostile-values')

const SECRET = 'an-example-secret-of-good-length'

describe.each(['column', 'rows'])('layout %s', (layout) => {
  let db
  let store
  let accounts = 0

  beforeAll(async () => {
    db = await createDatabase({ layout })
    store = createSessionStore({ databaseUrl: db.url, secret: SECRET })
  })

  afterAll(async () => {
    await store?.close()
    await db?.drop()
  })

  async function openNew() {
    const accountId = `account-${++accounts}`
    await db.addAccount(accountId)
    return { accountId, ...(await store.useAuthState(accountId)) }
  }

  async function expectRefused(promise, code = 'ERR_ARGUMENT') {
    const error = await promise.then(
      () => null,
      (reason) => reason,
    )
    expect(error).toBeInstanceOf(SessionStoreError)
    expect(error.code).toBe(code)
  }

  describe('a value that cannot be stored', () => {
    test.each(Object.keys(refusedValues))(
      '%s is refused, and nothing of the call is written',
      async (name) => {
        const { accountId, state } = await openNew()
        await state.keys.set({ 'pre-key': { 1: 'old' }, session: { 1: 'old', 2: 'old' } })
        const stored = await db.stored(accountId)

        const value = refusedValues[name]()
        await expectRefused(
          state.keys.set({
            'pre-key': { 1: 'new', 2: 'new' },
            session: { 1: 'new', 2: value, 3: null },
          }),
        )
        expect(await state.keys.get('pre-key', ['1', '2'])).toEqual({ 1: 'old', 2: null })
        expect(await state.keys.get('session', ['1', '2', '3'])).toEqual({
          1: 'old',
          2: 'old',
          3: null,
        })
        expect(await db.stored(accountId)).toBe(stored)
        expect(store.stats()).toMatchObject({ pendingRecords: 0, pendingBytes: 0 })

        await state.keys.set({ session: { 2: 'next' } })
        expect(await state.keys.get('session', ['2'])).toEqual({ 2: 'next' })
      },
    )

    const dropped = ['a function', 'a class', 'a symbol', 'a toJSON that gives nothing']
    const inCreds = Object.keys(refusedValues).filter((name) => !dropped.includes(name))
    test.each(inCreds)(
      '%s in the credentials is refused, and they stay as they were',
      async (name) => {
        const { accountId, state, saveCreds } = await openNew()
        await saveCreds()
        const stored = await db.stored(accountId)

        state.creds.additionalData = { value: refusedValues[name]() }
        await expectRefused(saveCreds())
        expect(await db.stored(accountId)).toBe(stored)

        state.creds.additionalData = 'fine'
        await saveCreds()
        expect(await db.stored(accountId)).not.toBe(stored)
      },
    )

    test('the deepest nesting that is accepted can be read again', async () => {
      let value = 'innermost'
      for (let level = 0; level < 1_000; level++) value = { inside: value }
      const { accountId, state } = await openNew()
      await state.keys.set({ session: { 1: value } })
      const again = await store.useAuthState(accountId)
      const answer = await again.state.keys.get('session', ['1'])
      expect(JSON.stringify(answer[1])).toBe(JSON.stringify(value))
    })

    test('a toJSON may call the store itself', async () => {
      const { state } = await openNew()
      const inner = []
      const value = {
        toJSON() {
          inner.push(
            state.keys.set({ session: { inner: 'x' } }),
            state.keys.get('session', ['inner']),
          )
          return 'outer'
        },
      }
      await state.keys.set({ session: { outer: value } })
      await Promise.all(inner)
      expect(await state.keys.get('session', ['inner', 'outer'])).toEqual({
        inner: 'x',
        outer: 'outer',
      })
    })
  })

  describe('arguments of a wrong type are refused', () => {
    const wrong = {
      'get without ids': (keys) => keys.get('session'),
      'get of one id that is not in an array': (keys) => keys.get('session', 'abc'),
      'get of an id that is missing': (keys) => keys.get('session', ['1', undefined]),
      'get of a type that is a number': (keys) => keys.get(1, ['1']),
      'get of no type': (keys) => keys.get(undefined, ['1']),
      'set of nothing': (keys) => keys.set(),
      'set of null': (keys) => keys.set(null),
      'set of a string': (keys) => keys.set('session'),
      'set of a number': (keys) => keys.set(1),
      'set of records that are a string': (keys) => keys.set({ session: 'abc' }),
      'set of records that are a number': (keys) => keys.set({ session: 7 }),
      'listIds of a type that is a number': (keys) => keys.listIds(1).next(),
      'list of no type': (keys) => keys.list().next(),
    }
    test.each(Object.keys(wrong))('%s', async (name) => {
      const { accountId, state } = await openNew()
      await state.keys.set({ session: { 1: 'x' } })
      const stored = await db.stored(accountId)
      await expectRefused(wrong[name](state.keys))
      expect(await db.stored(accountId)).toBe(stored)
      expect(await state.keys.get('session', ['1'])).toEqual({ 1: 'x' })
    })

    test.each([[undefined], [null], [''], [0], [7], [{}], [[]], [['account-1']], [Symbol('s')]])(
      'an account id that is %p',
      async (accountId) => {
        await expectRefused(store.useAuthState(accountId))
        await expectRefused(store.clear(accountId))
      },
    )
  })

  test('every function with everything that JavaScript has: no crash, and no other error than ours', async () => {
    for (const accountId of ['canary', 'target', 'bystander']) await db.addAccount(accountId)
    const canary = await store.useAuthState('canary')
    await canary.saveCreds()
    await canary.state.keys.set({ session: { 1: { alive: true } } })
    const stored = await db.stored('canary')

    const options = { databaseUrl: db.url, secret: SECRET }
    const child = fork(join(__dirname, 'bombardment.js'), [JSON.stringify(options)], {
      execArgv: [],
    })
    let report
    child.on('message', (message) => {
      report = message
    })
    const [code, signal] = await once(child, 'exit')

    expect({ code, signal, violations: report?.violations }).toEqual({
      code: 0,
      signal: null,
      violations: [],
    })
    expect(report.calls).toBeGreaterThan(40 * Object.keys(hostileArguments).length)
    expect(report.refusals.ERR_ARGUMENT).toBeGreaterThan(1_000)
    expect(await db.stored('canary')).toBe(stored)
    expect(await canary.state.keys.get('session', ['1'])).toEqual({ 1: { alive: true } })
  }, 180_000)
})
