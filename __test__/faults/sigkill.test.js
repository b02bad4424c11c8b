'use strict'

const { setTimeout: delay } = require('node:timers/promises')
const { startChild } = require('../support/child')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('./layouts')
const { environment, makeStore } = require('./stores')

const ROUNDS = 20
const ACCOUNTS = ['a', 'b', 'c', 'd']
const STRANDS = ['one', 'two', 'three']

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ACCOUNTS })
  })

  afterAll(() => db.drop())

  const nameOf = (account, strand) => `${account}/${strand}`

  /** Runs the load and kills it at a random moment; counts what was acknowledged, and adds the last numbers to `last`. */
  async function killUnderLoad(last) {
    const LOAD = JSON.stringify({ accounts: ACCOUNTS, strands: STRANDS })
    const child = startChild(require.resolve('./sigkill-load'), { ...environment(db.url), LOAD })
    let acknowledged = 0
    const started = new Promise((resolve) => {
      child.onMessage(({ account, strand, n }) => {
        acknowledged++
        last.set(nameOf(account, strand), n)
        resolve()
      })
    })
    await started
    await delay(Math.random() * 250)
    const { signal } = await child.kill()
    expect(signal).toBe('SIGKILL')
    return acknowledged
  }

  /** The number that each of a strand's four records holds. */
  async function numbersOf({ state }, strand, n) {
    const [session, preKey, senderKey, memory] = await Promise.all([
      state.keys.get('session', [strand]),
      state.keys.get('pre-key', [`${strand}-${n % 5}`]),
      state.keys.get('sender-key', [strand]),
      state.keys.get('sender-key-memory', [strand]),
    ])
    return [
      session[strand]?.n,
      preKey[`${strand}-${n % 5}`]?.n,
      senderKey[strand] && JSON.parse(senderKey[strand].toString()).n,
      memory[strand]?.n,
    ]
  }

  test('a process killed under load, again and again, has lost nothing that was acknowledged, and torn nothing', async () => {
    const last = new Map()
    const found = { lost: 0, torn: 0, unexpected: 0 }
    let acknowledged = 0
    for (let round = 0; round < ROUNDS; round++) {
      acknowledged += await killUnderLoad(last)
      const store = makeStore(db.url)
      for (const account of ACCOUNTS) {
        const handle = await store.useAuthState(account)
        for (const strand of STRANDS) {
          const promised = last.get(nameOf(account, strand)) ?? 0
          const { [strand]: record } = await handle.state.keys.get('session', [strand])
          const n = record?.n ?? 0
          if (n < promised) found.lost += promised - n
          // One set of each strand can be under way when the process dies.
          if (n > promised + 1) found.unexpected++
          if (n > 0 && (await numbersOf(handle, strand, n)).some((each) => each !== n)) found.torn++
          last.set(nameOf(account, strand), n)
        }
      }
      await store.close()
    }
    process.stdout.write(
      `SIGKILL under load: ${ROUNDS} rounds, ${acknowledged} sets acknowledged, ${found.lost} lost, ${found.torn} torn\n`,
    )
    expect(found).toEqual({ lost: 0, torn: 0, unexpected: 0 })
    expect(acknowledged).toBeGreaterThan(ROUNDS * STRANDS.length)
  }, 180_000)
})
