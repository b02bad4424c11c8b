'use strict'

const { createDatabase } = require('../support/database')
const { addAccount, makeStore } = require('../faults/stores')
const { filesOf, makeFolder, newFolder, useFolder } = require('./folders')
const { migrateAuthState } = require('./migrate-auth-state')

describe.each([
  ['column', 'rows'],
  ['rows', 'column'],
])('from layout %s', (layout, otherLayout) => {
  let db, otherDb, folder, account, store

  beforeAll(async () => {
    db = await createDatabase({ layout })
    otherDb = await createDatabase({ layout: otherLayout })
    folder = await makeFolder()
    account = await addAccount(db)
    store = makeStore(db.url)
    await store.importMultiFile(folder, account)
    await store.close()
  })

  afterAll(() => Promise.all([db.drop(), otherDb.drop()]))

  test(`to layout ${otherLayout}, again and again, and every text is the same`, async () => {
    const [target, to] = [await addAccount(otherDb), makeStore(otherDb.url)]
    const source = await makeStore(db.url).useAuthState(account)
    for (const expected of [60, 0]) {
      const handle = await to.useAuthState(target)
      const report = await migrateAuthState({ from: source.state, to: handle.state, batchSize: 7 })
      await handle.saveCreds()
      expect(report).toMatchObject({ differing: [], counts: { 'pre-key': expected } })
    }
    const exported = newFolder()
    await to.exportMultiFile(target, exported)
    expect(filesOf(exported)).toEqual(filesOf(folder))
  })

  test.each(['baileys', 'baileys-v6'])('to the files of %s', async (version) => {
    const source = await makeStore(db.url).useAuthState(account)
    const target = newFolder()
    const files = await useFolder(target, version)
    await migrateAuthState({ from: source.state, to: files.state })
    await files.saveCreds()
    expect(filesOf(target)).toEqual(filesOf(folder))
  })

  test('from a store that lists ids alone', async () => {
    const source = await makeStore(db.url).useAuthState(account)
    const { listIds, get } = source.state.keys
    const from = { creds: source.state.creds, keys: { listIds, get } }
    const [target, to] = [await addAccount(otherDb), makeStore(otherDb.url)]
    const handle = await to.useAuthState(target)
    expect(await migrateAuthState({ from, to: handle.state })).toMatchObject({ differing: [] })
    await handle.saveCreds()
    const exported = newFolder()
    await to.exportMultiFile(target, exported)
    expect(filesOf(exported)).toEqual(filesOf(folder))
  })
})
