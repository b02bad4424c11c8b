'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { makeStore, quickBaileys } = require('../faults/stores')
const { command, settings } = require('./command')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout, accounts: ['one', 'two', 'none'] })
    const store = makeStore(db.url, { baileys: quickBaileys })
    for (const account of ['one', 'two']) {
      const { state, saveCreds } = await store.useAuthState(account)
      await saveCreds()
      await state.keys.set({ 'pre-key': { 1: { a: 1 }, 2: { a: 2 } } })
    }
    await store.close()
  })

  afterAll(() => db.drop())

  const status = (...args) => command(['status', ...args], settings(db))

  test('lists the sessions for people', async () => {
    const { status: exit, stdout, stderr } = await status()
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^layout ${layout}: 2 sessions, \\d+(\\.\\d+)? k?B\n`))
    expect(stdout).toMatch(
      /^account +layout +records +size +last write +opened +by +key +secret\n/m,
    )
    const one =
      layout === 'rows'
        ? /^one +rows +3 +\d+ B +20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ +\S+:\d+ +[0-9a-f]{8} +current$/m
        : /^one +column +\d+ B +20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ$/m
    expect(stdout).toMatch(one)
    if (layout === 'rows') expect(stdout).toMatch(/^type +records\ncreds +2\npre-key +4\n/m)
  })

  test('and for programs', async () => {
    const { status: exit, stdout } = await status('--json')
    expect(exit).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ layout, sessions: [{ accountId: 'one' }, { accountId: 'two' }] })
    expect(report.bytes).toBe(report.sessions[0].bytes + report.sessions[1].bytes)
    expect(report.kinds).toEqual(layout === 'rows' ? { creds: 2, 'pre-key': 4 } : {})
  })

  test('that of one account alone', async () => {
    const { stdout } = await status('two', '--json')
    expect(JSON.parse(stdout).sessions.map((session) => session.accountId)).toEqual(['two'])
  })

  test('says that an account has none', async () => {
    expect(await status('none')).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: 'baileys-postgres-auth: account "none" has no session\n',
    })
  })
})
