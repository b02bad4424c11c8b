'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { makeStore, quickBaileys } = require('../faults/stores')
const { command, settings } = require('./command')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout, accounts: ['one', 'two'] })
    const store = makeStore(db.url, { baileys: quickBaileys })
    for (const account of ['one', 'two']) await (await store.useAuthState(account)).saveCreds()
    await store.close()
  })

  afterEach(() => db.drop())

  test('deletes exactly that session', async () => {
    const two = await db.stored('two')
    const { status, stdout, stderr } = await command(['clear', 'one', '--yes'], settings(db))
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'cleared\n', stderr: '' })
    expect(await db.stored('one')).toBeNull()
    expect(await db.stored('two')).toBe(two)
  })

  test('does nothing where there is nobody to agree', async () => {
    const one = await db.stored('one')
    const { status, stderr } = await command(['clear', 'one'], settings(db))
    expect(status).toBe(2)
    expect(stderr).toContain('--yes')
    expect(await db.stored('one')).toBe(one)
  })
})
