'use strict'

const fs = require('node:fs')
const path = require('node:path')
const fc = require('fast-check')
const { anyValue } = require('../contract/arbitrary-values')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, makeStore } = require('../faults/stores')
const { addFiles, filesOf, newFolder, useFolder } = require('./folders')

const digits = (least, most) =>
  fc.integer({ min: 10 ** (least - 1), max: 10 ** most - 1 }).map(String)
const address = fc.tuple(digits(6, 14), fc.constantFrom('', '_1', '_128'), fc.nat({ max: 99 }))
const group = fc.oneof(
  digits(10, 15).map((id) => `${id}@g.us`),
  fc.tuple(digits(8, 12), digits(10, 10)).map(([creator, at]) => `${creator}-${at}@g.us`),
  fc.constant('status@broadcast'),
)

/** Ids as Baileys makes them, by type. */
const ids = {
  'pre-key': digits(1, 7),
  session: address.map(([user, kind, device]) => `${user}${kind}.${device}`),
  'sender-key': fc
    .tuple(group, address)
    .map(([name, [user, kind, device]]) => `${name}::${user}${kind}::${device}`),
  'sender-key-memory': group,
  'app-state-sync-key': fc
    .uint8Array({ minLength: 1, maxLength: 9 })
    .map((bytes) => Buffer.from(bytes).toString('base64')),
  'app-state-sync-version': fc.constantFrom('critical_block', 'regular_low', 'regular'),
  'lid-mapping': fc.oneof(
    digits(6, 14),
    digits(6, 14).map((user) => `${user}_reverse`),
  ),
  'device-list': digits(6, 14),
  tctoken: fc.oneof(
    fc.constant('__index'),
    digits(6, 14).map((user) => `${user}@lid`),
  ),
  'identity-key': address.map(([user, kind, device]) => `${user}${kind}.${device}`),
}

const record = fc
  .constantFrom(...Object.keys(ids))
  .chain((type) => fc.tuple(fc.constant(type), ids[type], anyValue))

/** Texts that are JSON and that no `JSON.stringify` would write so. */
const oddText = fc
  .tuple(fc.json(), fc.constantFrom('', ' ', '\n\t', '\r\n'))
  .map(([json, space]) => `[${space}${json}${space},"\\ud800\\u0041",1.50,-0,1E400${space}]`)

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, store

  beforeAll(async () => {
    db = await createDatabase({ layout })
  })

  beforeEach(() => {
    store = makeStore(db.url)
  })

  afterAll(() => db.drop())

  /** Takes a folder in and out; gives what came out, and the account. */
  async function thereAndBack(folder) {
    const [account, target] = [await addAccount(db), newFolder()]
    await store.importMultiFile(folder, account)
    await store.exportMultiFile(account, target)
    return { account, files: filesOf(target) }
  }

  test('any values under any ids come back, and are what Baileys reads of the files', () =>
    fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 12 }), async (records) => {
        const folder = newFolder()
        const there = await useFolder(folder)
        await there.saveCreds()
        for (const [type, id, value] of records) {
          // What JSON cannot hold the folder does not, either.
          await there.state.keys.set({ [type]: { [id]: value } }).catch(() => {})
        }
        for (const [name, text] of Object.entries(filesOf(folder))) {
          if (isOtherwise(name, text)) fs.rmSync(path.join(folder, name))
        }
        const { account, files } = await thereAndBack(folder)
        expect(files).toEqual(filesOf(folder))
        const { state } = await store.useAuthState(account)
        for (const [type, id] of records) {
          expect(await state.keys.get(type, [id])).toEqual(await there.state.keys.get(type, [id]))
        }
      }),
      { numRuns: 15 },
    ))

  test('any text comes back as it is', () =>
    fc.assert(
      fc.asyncProperty(fc.array(oddText, { minLength: 1, maxLength: 8 }), async (texts) => {
        const folder = newFolder()
        await (await useFolder(folder)).saveCreds()
        const named = texts.map((text, at) => [`device-list-${at}.json`, text])
        addFiles(folder, Object.fromEntries(named))
        const { files } = await thereAndBack(folder)
        expect(files).toEqual(filesOf(folder))
      }),
      { numRuns: 15 },
    ))
})

/** Whether an import makes something else of a file: it holds no value, or a sender key that is to be healed. */
function isOtherwise(name, text) {
  if (/^sender-key-(?!memory-)/.test(name) && text.startsWith('[')) return true
  return text === '' || !JSON.parse(text)
}
