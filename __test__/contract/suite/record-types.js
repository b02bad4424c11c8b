'use strict'

const { recordsOf, recordTypes } = require('../records')

/** Each of Baileys' ten types, with the values that Baileys really makes. */
module.exports = (world) => {
  describe('record types', () => {
    test.each(recordTypes)('%s', (type) =>
      world.expectKept({ [type]: recordsOf(world.baileys)[type] }),
    )

    test('all ten in one call', async () => {
      const records = recordsOf(world.baileys)
      expect(Object.keys(records)).toEqual(recordTypes)
      await world.expectKept(records)
    })

    test('types that nobody knows yet', () =>
      world.expectKept({
        'a-type-of-tomorrow': { 1: { bytes: Buffer.from('x') } },
        'type with spaces, é and 😀': { 1: 'x' },
        constructor: { 1: 'x' },
      }))

    test('an app state sync key is an instance of the installed class', async () => {
      const { proto } = world.baileys
      const { state } = await world.openNew()
      await state.keys.set({ 'app-state-sync-key': recordsOf(world.baileys)['app-state-sync-key'] })
      const { 'AAAA/w+=': key } = await state.keys.get('app-state-sync-key', ['AAAA/w+='])
      expect(key).toBeInstanceOf(proto.Message.AppStateSyncKeyData)
      expect(Buffer.from(key.keyData)).toEqual(Buffer.alloc(32, 8))
      expect(Number(key.timestamp)).toBe(1700000000000)
    })

    test('the chain key of a closed chain is absent, not undefined or null', async () => {
      const { state } = await world.openNew()
      await state.keys.set({ session: recordsOf(world.baileys).session })
      const { '5511911111111.0': session } = await state.keys.get('session', ['5511911111111.0'])
      const [open] = Object.values(session._sessions)
      expect(open._chains.BWZha2Uy.chainKey).toStrictEqual({ counter: 9 })
    })

    test('the order of sessions in a record is kept', async () => {
      const { state } = await world.openNew()
      const written = recordsOf(world.baileys).session['5511911111111.0']
      await state.keys.set({ session: { 1: written } })
      const { 1: read } = await state.keys.get('session', ['1'])
      expect(Object.keys(read._sessions)).toEqual(Object.keys(written._sessions))
    })

    test('a type is not taken for the beginning of another', async () => {
      const records = {
        'sender-key': { 'x@g.us': Buffer.from('key') },
        'sender-key-memory': { 'x@g.us': { a: true } },
        'app-state-sync-key': {},
        'app-state-sync-version': { regular: { version: 1 } },
      }
      await world.expectKept(records)
    })
  })
}
