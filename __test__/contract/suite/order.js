'use strict'

const { recordsOf } = require('../records')

/** Calls that nobody awaits keep their order. */
module.exports = (world) => {
  describe('order', () => {
    test('the last of many sets of a record wins', async () => {
      const handle = await world.openNew()
      const sets = Array.from({ length: 200 }, (_, i) =>
        handle.state.keys.set({ session: { 1: { i } } }),
      )
      await Promise.all(sets)
      await world.expectRecordsEverywhere(handle, { session: { 1: { i: 199 } } })
    })

    test.each([
      ['a delete', [{ i: 1 }, null]],
      ['a value after a delete', [{ i: 1 }, null, { i: 2 }]],
      ['a smaller value', ['x'.repeat(2_000_000), 'y']],
    ])('%s wins over what was called before it', async (_, values) => {
      const handle = await world.openNew()
      await Promise.all(values.map((value) => handle.state.keys.set({ session: { 1: value } })))
      await world.expectRecordsEverywhere(handle, { session: { 1: values.at(-1) } })
    })

    test('a get sees the sets that were called before it', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: 'old', 2: 'old' } })
      const written = handle.state.keys.set({ session: { 1: 'new', 2: null, 3: 'new' } })
      const read = handle.state.keys.get('session', ['1', '2', '3'])
      await written
      expect(await read).toEqual({ 1: 'new', 2: null, 3: 'new' })
    })

    test('a get does not see the sets that are called after it was answered', async () => {
      const { state } = await world.openNew()
      await state.keys.set({ session: { 1: { list: [] } } })
      const answer = await state.keys.get('session', ['1'])
      await state.keys.set({ session: { 1: { list: [1] } } })
      expect(answer).toEqual({ 1: { list: [] } })
    })

    test('sets of different records that overlap are all kept', async () => {
      const handle = await world.openNew()
      const ids = Array.from({ length: 300 }, (_, i) => String(i))
      const types = ['session', 'pre-key', 'sender-key']
      await Promise.all(
        ids.map((id, i) => handle.state.keys.set({ [types[i % 3]]: { [id]: `value ${id}` } })),
      )
      const records = Object.fromEntries(types.map((type) => [type, {}]))
      for (const [i, id] of ids.entries()) records[types[i % 3]][id] = `value ${id}`
      await world.expectRecordsEverywhere(handle, records)
    })

    test('credentials and keys may be saved at the same time', async () => {
      const handle = await world.openNew()
      const records = recordsOf(world.baileys)
      handle.state.creds.nextPreKeyId = 813
      await Promise.all([
        handle.saveCreds(),
        handle.state.keys.set(records),
        handle.saveCreds(),
        handle.state.keys.set({ session: { after: 'x' } }),
      ])
      const expected = { ...records, session: { ...records.session, after: 'x' } }
      await world.expectRecordsEverywhere(handle, expected)
      expect(await world.credsElsewhere(handle.accountId)).toBe(
        world.describeExpectedCreds(handle.state.creds),
      )
    })

    test('39 gets at once while sets are going on', async () => {
      const handle = await world.openNew()
      const ids = Array.from({ length: 39 }, (_, i) => `${i}.0`)
      const records = Object.fromEntries(ids.map((id) => [id, { version: 'v1', id }]))
      await handle.state.keys.set({ session: records })
      const writes = ids.map((id) => handle.state.keys.set({ 'pre-key': { [id]: id } }))
      const answers = await Promise.all(ids.map((id) => handle.state.keys.get('session', [id])))
      expect(answers).toEqual(ids.map((id) => ({ [id]: records[id] })))
      await Promise.all(writes)
    })
  })
}
