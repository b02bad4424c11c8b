'use strict'

const { createRequire } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { addAccount, makeStore } = require('../faults/stores')
const { addFiles, makeFolder } = require('./folders')

// Up to 6.7.18 Baileys stored a sender key as an array, and from 6.7.19 on as its text in a byte array. Baileys 6 reads both; 7
// throws on an array whenever it reads it, so the group stays silent for ever.

const base64 = (fill, length = 32) => Buffer.alloc(length, fill).toString('base64')
const bytes = (fill, length) => ({ type: 'Buffer', data: base64(fill, length) })

/** As 6.7.18 wrote it to its folder. */
const OLD = JSON.stringify([
  {
    senderKeyId: 77,
    senderChainKey: { iteration: 5, seed: bytes(1) },
    senderSigningKey: { public: bytes(2, 33), private: bytes(3) },
    senderMessageKeys: [{ iteration: 3, seed: bytes(4) }],
  },
])

const ID = '12036304@g.us::5511::0'

/** A module within an installed Baileys, which does not export it. */
async function internal(version, file) {
  // Its modules import each other in a circle, which has to be entered here.
  await import(version)
  const entry = createRequire(__filename).resolve(version)
  return import(pathToFileURL(path.join(path.dirname(entry), file)).href)
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db, sound

  beforeAll(async () => {
    db = await createDatabase({ layout })
    const folder = addFiles(await makeFolder(), {
      'sender-key-12036304@g.us--5511--0.json': OLD,
    })
    const [account, store] = [await addAccount(db), makeStore(db.url)]
    const { healed } = await store.importMultiFile(folder, account)
    expect(healed).toEqual(['sender-key-12036304@g.us--5511--0.json'])
    const { state } = await store.useAuthState(account)
    sound = (await state.keys.get('sender-key', [ID]))[ID]
    await store.close()
  })

  afterAll(() => db.drop())

  test('the installed Baileys 7 fails on an array', async () => {
    const { SenderKeyRecord } = await internal('baileys', 'Signal/Group/sender-key-record.js')
    expect(() => SenderKeyRecord.deserialize(JSON.parse(OLD))).toThrow()
  })

  test.each(['baileys', 'baileys-v6'])(
    '%s reads the healed one, skipped keys too',
    async (version) => {
      const { SenderKeyRecord } = await internal(version, 'Signal/Group/sender-key-record.js')
      const state = SenderKeyRecord.deserialize(sound).getSenderKeyState(77)
      expect(state.getSenderChainKey().getIteration()).toBe(5)
      expect(state.getSenderChainKey().getSeed()).toEqual(Buffer.alloc(32, 1))
      expect(state.getSigningKeyPublic()).toEqual(Buffer.alloc(33, 2))
      expect(state.getSigningKeyPrivate()).toEqual(Buffer.alloc(32, 3))
      expect(state.removeSenderMessageKey(3).getIteration()).toBe(3)
    },
  )

  test('nothing in it was encoded anew', () => {
    expect(sound).toEqual(Buffer.from(OLD))
  })
})
