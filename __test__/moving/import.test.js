'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, expectRefused, makeStore, readStored } = require('../faults/stores')
const { withFunction } = require('./triggers')
const { VERSIONS, addFiles, filesOf, makeFolder, newFolder, useFolder } = require('./folders')

/** The ids that the folders have, by type. */
const IDS = {
  'pre-key': ['1', '60'],
  session: ['5511999990000.0', '999_1.12'],
  'sender-key': ['12036304@g.us::5511_1::3', 'status@broadcast::5511::0'],
  'sender-key-memory': ['5511-1400000000@g.us'],
  'app-state-sync-key': ['AA/+AAb=', '///a'],
  'app-state-sync-version': ['critical_unblock_low'],
  'lid-mapping': ['5511', '999_reverse'],
  'device-list': ['5511'],
  tctoken: ['999@lid', '__index'],
  'identity-key': ['5511.0'],
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  test.each(VERSIONS)('a folder of %s becomes a session', async (version) => {
    const [folder, account] = [await makeFolder(version), await addAccount(db)]
    const store = makeStore(db.url)
    const report = await store.importMultiFile(folder, account)
    expect(report).toMatchObject({ accountId: account, outcome: 'added', healed: [], unknown: [] })
    expect(report.types).toMatchObject({ 'pre-key': 60, 'sender-key': 3, 'app-state-sync-key': 2 })
    const there = await useFolder(folder)
    const { state } = await makeStore(db.url).useAuthState(account)
    expect(state.creds).toEqual(JSON.parse(JSON.stringify(there.state.creds), revive))
    for (const [type, ids] of Object.entries(IDS)) {
      const wanted = await there.state.keys.get(type, ids)
      expect(Object.values(wanted)).not.toContain(null)
      expect(await state.keys.get(type, ids)).toEqual(wanted)
    }
    await state.keys.set({ session: { new: { is: 'written' } } })
  })

  test('an account that has a session keeps it, and its owner', async () => {
    const account = await addAccount(db)
    const owner = await makeStore(db.url).useAuthState(account)
    await owner.saveCreds()
    const stored = await db.stored(account)
    const store = makeStore(db.url)
    const folder = await makeFolder()
    for (const options of [undefined, { resume: true }]) {
      const error = await expectRefused(
        store.importMultiFile(folder, account, options),
        'ERR_SESSION_EXISTS',
      )
      expect(error.message).toContain('another one')
    }
    expect(await db.stored(account)).toBe(stored)
    await owner.state.keys.set({ session: { a: { still: 'mine' } } })
  })

  test('replaces one, whoever has it open, with nothing of it left', async () => {
    const account = await addAccount(db)
    const [here, superseded] = [makeStore(db.url), jest.fn()]
    const there = makeStore(db.url, { onSuperseded: superseded })
    const older = await there.useAuthState(account)
    await older.saveCreds()
    await older.state.keys.set({ session: { old: { is: 'gone' } }, 'pre-key': { 1: { a: 1 } } })
    const folder = await makeFolder()
    expect(await here.importMultiFile(folder, account, { replace: true })).toMatchObject({
      outcome: 'replaced',
    })
    expect(superseded).toHaveBeenCalledWith(account)
    await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    const target = newFolder()
    await here.exportMultiFile(account, target)
    expect(filesOf(target)).toEqual(filesOf(folder))
  })

  test('replaces one that this very store has open', async () => {
    const account = await addAccount(db)
    const store = makeStore(db.url)
    const older = await store.useAuthState(account)
    older.saveCreds()
    older.state.keys.set({ session: { late: { is: 'gone' } } })
    await store.importMultiFile(await makeFolder(), account, { replace: true })
    await expectRefused(older.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    const { state } = await store.useAuthState(account)
    expect(await state.keys.get('session', ['late'])).toEqual({ late: null })
  })

  test('goes on where it was: what is there stays, however it has gone on', async () => {
    const [account, folder, store] = [await addAccount(db), await makeFolder(), makeStore(db.url)]
    await store.importMultiFile(folder, account)
    const live = await store.useAuthState(account)
    live.state.creds.nextPreKeyId += 30
    await live.saveCreds()
    await live.state.keys.set({ session: { a: { ratchet: 2 } } })
    expect(await store.importMultiFile(folder, account, { resume: true })).toMatchObject({
      outcome: 'present',
    })
    const error = await expectRefused(store.importMultiFile(folder, account), 'ERR_SESSION_EXISTS')
    expect(error.message).toContain('the very one')
    await live.state.keys.set({ session: { b: { still: 'mine' } } })
    expect(await live.state.keys.get('session', ['a'])).toEqual({ a: { ratchet: 2 } })
  })

  test('a session that was begun and has no credentials is none', async () => {
    const account = await addAccount(db)
    await (await makeStore(db.url).useAuthState(account)).state.keys.set({ session: { a: {} } })
    const store = makeStore(db.url)
    const [folder, target] = [await makeFolder(), newFolder()]
    expect(await store.importMultiFile(folder, account)).toMatchObject({ outcome: 'added' })
    await store.exportMultiFile(account, target)
    expect(filesOf(target)).toEqual(filesOf(folder))
  })

  describe('broken files', () => {
    const BROKEN = {
      'pre-key-1.json': '',
      'session-5511999990000.0.json': '{"_sessions":{"a":',
      'pre-key-61.json': '\0\0\0\0',
    }
    const reasons = [
      { file: 'pre-key-1.json', reason: 'it is empty' },
      { file: 'pre-key-61.json', reason: expect.stringContaining('not JSON') },
      { file: 'session-5511999990000.0.json', reason: expect.stringContaining('cut off') },
    ]

    test('are all listed, and nothing is imported', async () => {
      const [account, store] = [await addAccount(db), makeStore(db.url)]
      const stored = await db.stored(account)
      const folder = addFiles(await makeFolder(), BROKEN)
      const error = await expectRefused(store.importMultiFile(folder, account), 'ERR_FOLDER')
      expect(error).toMatchObject({ operation: 'importMultiFile', accountId: account })
      expect(error.files).toEqual(reasons)
      expect(error.message).toContain('pre-key-1.json: it is empty, and 2 more')
      expect(await db.stored(account)).toBe(stored)
    })

    test('are left out where that is asked for', async () => {
      const [account, store] = [await addAccount(db), makeStore(db.url)]
      const folder = addFiles(await makeFolder(), BROKEN)
      const report = await store.importMultiFile(folder, account, { skipBroken: true })
      expect(report).toMatchObject({ outcome: 'added', broken: reasons })
      const { state } = await store.useAuthState(account)
      expect(await state.keys.get('pre-key', ['1'])).toEqual({ 1: null })
      expect((await state.keys.get('pre-key', ['2']))['2']).not.toBeNull()
    })

    test.each([
      ['cut off', '{"noiseKey":'],
      ['nobody’s', '{"noiseKey":{}}'],
      ['empty', ''],
      ['absent', undefined],
    ])('credentials that are %s are never left out', async (_, text) => {
      const [account, store, folder] = [await addAccount(db), makeStore(db.url), await makeFolder()]
      const stored = await db.stored(account)
      fs.rmSync(path.join(folder, 'creds.json'))
      if (text !== undefined) addFiles(folder, { 'creds.json': text })
      const error = await expectRefused(
        store.importMultiFile(folder, account, { skipBroken: true, replace: true }),
        'ERR_FOLDER',
      )
      expect(error.message).toContain('creds.json')
      expect(await db.stored(account)).toBe(stored)
    })
  })

  test('what is no record is listed and left', async () => {
    const folder = addFiles(await makeFolder(), { '.DS_Store': '\0', 'coming-type-1.json': '{}' })
    const report = await makeStore(db.url).importMultiFile(folder, await addAccount(db))
    expect(report).toMatchObject({ outcome: 'added', unknown: ['.DS_Store', 'coming-type-1.json'] })
  })

  test('what the database does to a record is found out, and the account has what it had', async () => {
    const [account, store, folder] = [await addAccount(db), makeStore(db.url), await makeFolder()]
    await store.importMultiFile(folder, account)
    const other = addFiles(await makeFolder(), { 'lid-mapping-1.json': '"2"' })
    await withTrigger(db, layout, async () => {
      const error = await expectRefused(
        store.importMultiFile(other, account, { replace: true }),
        'ERR_INTERNAL',
        'ERR_SESSION_SUPERSEDED',
      )
      expect(error.message).not.toBe('')
    })
    const target = newFolder()
    await store.exportMultiFile(account, target)
    expect(filesOf(target)).toEqual(filesOf(folder))
    if (layout === 'rows') {
      const empty = await addAccount(db)
      await withTrigger(db, layout, () =>
        expectRefused(store.importMultiFile(other, empty), 'ERR_INTERNAL'),
      )
      await expectRefused(store.exportMultiFile(empty, newFolder()), 'ERR_ACCOUNT_NOT_FOUND')
    }
  })

  test('an import that is refused in the middle leaves no session, and a second one goes on', async () => {
    const [account, store, folder] = [await addAccount(db), makeStore(db.url), await makeFolder()]
    await withRefusal(db, layout, () =>
      expectRefused(store.importMultiFile(folder, account), 'ERR_DB_QUERY'),
    )
    expect((await readStored(db, account))?.creds ?? {}).toEqual({})
    expect(await store.importMultiFile(folder, account)).toMatchObject({ outcome: 'added' })
  })

  test.each([
    ['a folder that is not there', (id) => ['/none/such', id], 'ERR_FOLDER'],
    ['no folder', (id) => ['', id], 'ERR_ARGUMENT'],
    ['no text', (id) => [7, id], 'ERR_ARGUMENT'],
    ['no account', () => ['/none/such', ''], 'ERR_ARGUMENT'],
    ['no such option', (id) => ['/none/such', id, { overwrite: true }], 'ERR_ARGUMENT'],
    ['an option that is none', (id) => ['/none/such', id, { replace: 1 }], 'ERR_ARGUMENT'],
  ])('%s is refused', async (_, args, code) => {
    await expectRefused(makeStore(db.url).importMultiFile(...args(await addAccount(db))), code)
  })

  test('a closed store imports and exports nothing', async () => {
    const [store, folder] = [makeStore(db.url), await makeFolder()]
    await store.close()
    await expectRefused(store.importMultiFile(folder, await addAccount(db)), 'ERR_CLOSED')
    await expectRefused(store.exportMultiFile('a', newFolder()), 'ERR_CLOSED')
  })
})

test('layout column: an account without a row is refused', async () => {
  const db = await createDatabase({ layout: 'column' })
  const store = makeStore(db.url)
  await expectRefused(store.importMultiFile(await makeFolder(), 'none'), 'ERR_ACCOUNT_NOT_FOUND')
  await expectRefused(store.exportMultiFile('none', newFolder()), 'ERR_ACCOUNT_NOT_FOUND')
  await store.close()
  await db.drop()
})

/** What `BufferJSON` revives. */
function revive(_, value) {
  return value?.type === 'Buffer' ? Buffer.from(value.data) : value
}

/** Runs work while the database drops what is written: credentials in rows, the whole write in a column. */
async function withTrigger(db, layout, work) {
  const [on, instead] =
    layout === 'rows'
      ? [
          'INSERT ON baileys_auth.record FOR EACH ROW',
          "CASE WHEN NEW.kind = 'creds' THEN NULL ELSE NEW END",
        ]
      : [
          'UPDATE ON whatsapp_accounts FOR EACH ROW',
          // An open writes as much as was there.
          'CASE WHEN length(NEW.session_data) = length(OLD.session_data) THEN NEW ELSE OLD END',
        ]
  await withFunction(db, on, `RETURN ${instead}`, work)
}

/** Runs work while the database refuses to store a record of these folders. */
async function withRefusal(db, layout, work) {
  const [on, when] =
    layout === 'rows'
      ? ['INSERT ON baileys_auth.record FOR EACH ROW', 'true']
      : ['UPDATE ON whatsapp_accounts FOR EACH ROW', 'length(NEW.session_data) > 10000']
  const body = `IF ${when} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END IF; RETURN NEW`
  await withFunction(db, on, body, work)
}
