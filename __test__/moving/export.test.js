'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, expectRefused, makeStore } = require('../faults/stores')
const { VERSIONS, addFiles, filesOf, makeFolder, newFolder, useFolder } = require('./folders')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  afterAll(() => db.drop())

  test.each(VERSIONS)('what came from a folder of %s goes back byte for byte', async (version) => {
    const [folder, target, account] = [await makeFolder(version), newFolder(), await addAccount(db)]
    const store = makeStore(db.url)
    await store.importMultiFile(folder, account)
    const report = await store.exportMultiFile(account, target)
    const files = filesOf(target)
    expect(files).toEqual(filesOf(folder))
    expect(report).toMatchObject({ accountId: account, folder: target, files: 76 })
    expect(report.bytes).toBe(Buffer.byteLength(Object.values(files).join('')))
    expect(report.types).toMatchObject({ 'pre-key': 60, session: 2, 'lid-mapping': 2 })
  })

  test.each(VERSIONS)('%s reads what this store has written', async (version) => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    const { state, saveCreds } = await store.useAuthState(account)
    await saveCreds()
    await state.keys.set({
      'app-state-sync-key': { 'a/b': { keyData: Buffer.alloc(3) } },
      'sender-key': { 'g@g.us::1::0': Buffer.from('[]') },
      session: { '1.0': { half: '\ud800' } },
    })
    await store.exportMultiFile(account, target)
    const folder = await useFolder(target, version)
    expect(folder.state.creds.signedIdentityKey).toEqual(state.creds.signedIdentityKey)
    const get = (type, id) => folder.state.keys.get(type, [id])
    expect(await get('session', '1.0')).toEqual({ '1.0': { half: '\ud800' } })
    expect(await get('sender-key', 'g@g.us::1::0')).toEqual({ 'g@g.us::1::0': Buffer.from('[]') })
    expect((await get('app-state-sync-key', 'a/b'))['a/b'].keyData).toEqual(Buffer.alloc(3))
  })

  test('its owner goes on, and what it has called before is in it', async () => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    const owner = await store.useAuthState(account)
    owner.saveCreds()
    owner.state.keys.set({ 'lid-mapping': { 1: '2' } })
    await store.exportMultiFile(account, target)
    expect(filesOf(target)['lid-mapping-1.json']).toBe('"2"')
    await owner.state.keys.set({ 'lid-mapping': { 1: '3' } })
    const elsewhere = newFolder()
    await makeStore(db.url).exportMultiFile(account, elsewhere)
    expect(filesOf(elsewhere)['lid-mapping-1.json']).toBe('"3"')
    await owner.state.keys.set({ 'lid-mapping': { 1: '4' } })
  })

  test('unless it is taken over: then nothing is written after what is in the folder', async () => {
    const [account, target] = [await addAccount(db), newFolder()]
    const superseded = jest.fn()
    const owner = await makeStore(db.url, { onSuperseded: superseded }).useAuthState(account)
    await owner.saveCreds()
    await makeStore(db.url).exportMultiFile(account, target, { takeOver: true })
    await expectRefused(owner.saveCreds(), 'ERR_SESSION_SUPERSEDED')
    expect(superseded).toHaveBeenCalledWith(account)
    expect(Object.keys(filesOf(target))).toEqual(['creds.json'])
  })

  test('an account without a session has nothing, and gets none', async () => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    const stored = await db.stored(account)
    for (const takeOver of [false, true]) {
      const error = await expectRefused(
        store.exportMultiFile(account, target, { takeOver }),
        'ERR_ACCOUNT_NOT_FOUND',
      )
      expect(error).toMatchObject({ operation: 'exportMultiFile', accountId: account })
    }
    expect(fs.existsSync(target)).toBe(false)
    expect(await db.stored(account)).toBe(stored)
  })

  test('a folder that has something in it is not touched, nor its account taken over', async () => {
    const [account, store] = [await addAccount(db), makeStore(db.url)]
    const owner = await store.useAuthState(account)
    await owner.saveCreds()
    const target = addFiles(newFolder(), { note: 'mine' })
    await expectRefused(store.exportMultiFile(account, target, { takeOver: true }), 'ERR_FOLDER')
    await expectRefused(store.exportMultiFile(account, path.join(target, 'note')), 'ERR_FOLDER')
    expect(filesOf(target)).toEqual({ note: 'mine' })
    await owner.saveCreds()
  })

  test('records that would share a file are refused, and no file is left', async () => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    const owner = await store.useAuthState(account)
    await owner.saveCreds()
    await owner.state.keys.set({ session: { 'a:b': { n: 1 }, 'a-b': { n: 2 } } })
    await expectRefused(store.exportMultiFile(account, target), 'ERR_FOLDER')
    expect(fs.readdirSync(path.dirname(target))).toEqual([])
  })

  test('ids never lead out of the folder', async () => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    const owner = await store.useAuthState(account)
    await owner.saveCreds()
    await owner.state.keys.set({ session: { '../../x': { n: 1 } }, '../..': { '/y': { n: 2 } } })
    await store.exportMultiFile(account, target)
    expect(fs.readdirSync(path.dirname(target))).toEqual([path.basename(target)])
    expect(Object.keys(filesOf(target))).toContain('session-..__..__x.json')
  })

  test('only its owner may read the files', async () => {
    const [account, target, store] = [await addAccount(db), newFolder(), makeStore(db.url)]
    await (await store.useAuthState(account)).saveCreds()
    await store.exportMultiFile(account, target)
    expect(fs.statSync(target).mode & 0o777).toBe(0o700)
    expect(fs.statSync(path.join(target, 'creds.json')).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['no folder', (id) => [id, ''], 'ERR_ARGUMENT'],
    ['no account', () => ['', newFolder()], 'ERR_ARGUMENT'],
    ['no such option', (id) => [id, newFolder(), { replace: true }], 'ERR_ARGUMENT'],
  ])('%s is refused', async (_, args, code) => {
    await expectRefused(makeStore(db.url).exportMultiFile(...args(await addAccount(db))), code)
  })

  test('what moves is told: in the log, and to whoever audits', async () => {
    const [account, events, lines] = [await addAccount(db), [], []]
    const line = (object, message) => lines.push(`${message} ${JSON.stringify(object)}`)
    const logger = { debug: line, info: line, warn: line, error: line }
    const store = makeStore(db.url, { logger, onAudit: ({ event }) => events.push(event) })
    await store.importMultiFile(await makeFolder(), account)
    await store.exportMultiFile(account, newFolder())
    const broken = addFiles(await makeFolder(), { 'session-1.0.json': '' })
    await expectRefused(store.importMultiFile(broken, await addAccount(db)), 'ERR_FOLDER')
    expect(events).toEqual(['session.imported', 'session.exported'])
    expect(lines).toEqual([
      expect.stringContaining('the session was imported from a folder'),
      expect.stringContaining('the session was written to a folder, unencrypted'),
      expect.stringContaining('a call was refused'),
    ])
  })
})

test('layout rows: a session that has yet to be adopted is exported, and stays where it is', async () => {
  const db = await createDatabase({ layout: 'column', accounts: ['a'] })
  const column = makeStore(db.url)
  const folder = await makeFolder()
  await column.importMultiFile(folder, 'a')
  await column.close()
  const stored = await db.sessionData('a')
  const rows = makeStore(db.url, { layout: 'rows' })
  const target = newFolder()
  await rows.exportMultiFile('a', target)
  expect(filesOf(target)).toEqual(filesOf(folder))
  expect(await db.sessionData('a')).toBe(stored)
  await expectRefused(rows.importMultiFile(folder, 'a'), 'ERR_SESSION_EXISTS')
  await rows.importMultiFile(folder, 'a', { replace: true })
  expect(await db.sessionData('a')).toBeNull()
  await rows.close()
  await db.drop()
})
