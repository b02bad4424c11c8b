'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { SECRET, makeStore, quickBaileys } = require('../faults/stores')
const { command, settings } = require('./command')

const NEW = 'another-secret-of-good-length'

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeEach(async () => {
    db = await createDatabase({ layout, accounts: ['one', 'two'] })
    const store = makeStore(db.url, { baileys: quickBaileys })
    for (const account of ['one', 'two']) await (await store.useAuthState(account)).saveCreds()
    await store.close()
  })

  afterEach(() => db.drop())

  const both = () => ({ ...settings(db, NEW), WHATSAPP_SESSION_SECRET_PREVIOUS: SECRET })

  test('takes all sessions over to the new secret, and says so to programs', async () => {
    const { status, stdout } = await command(['rotate', '--json'], both())
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rotated: 2, left: 0, unrotated: [] })
    const store = makeStore(db.url, { baileys: quickBaileys, secret: NEW })
    await Promise.all(['one', 'two'].map((account) => store.useAuthState(account)))
    await store.close()
  })

  test('and to people, as text that a pipe can take', async () => {
    const { status, stdout, stderr } = await command(['rotate'], both())
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^2 sessions changed\nkey +secret +sessions\n\S+ +current +2\n/)
  })

  test('names the sessions that no secret opens', async () => {
    const { status, stdout } = await command(['rotate'], settings(db, NEW))
    expect(status).toBe(1)
    expect(stdout).toMatch(/^left +why\n/m)
    expect(stdout).toMatch(/^one .*\(ERR_(WRONG_SECRET|UNREADABLE)\)$/m)
    expect(stdout).toMatch(/^two .*\(ERR_(WRONG_SECRET|UNREADABLE)\)$/m)
  })
})
