'use strict'

const { recordsOf } = require('../records')

const range = (length) => Array.from({ length }, (_, i) => String(i + 1))

/** What a call may hold, from nothing to a whole pairing, and what an answer holds. */
module.exports = (world) => {
  describe('calls', () => {
    test('that hold nothing change nothing', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: 'x' } })
      await handle.state.keys.set({})
      await handle.state.keys.set({ session: {} })
      await handle.state.keys.set({ 'pre-key': {}, session: undefined, 'device-list': null })
      expect(await handle.state.keys.get('session', [])).toEqual({})
      expect(await handle.state.keys.get('never-written', [])).toEqual({})
      await world.expectRecordsEverywhere(handle, { session: { 1: 'x' } })
    })

    test('a missing record is null, and present in the answer', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: 'x' } })
      expect(await handle.state.keys.get('session', ['1', '2'])).toEqual({ 1: 'x', 2: null })
      expect(await handle.state.keys.get('never-written', ['1'])).toEqual({ 1: null })
      await world.expectRecordsElsewhere(handle, {
        session: { 1: 'x', 2: null },
        'never-written': { 1: null },
        'app-state-sync-key': { 1: null },
      })
    })

    test('an answer holds the requested ids and no others', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: 'x', 2: 'y', 3: 'z' } })
      expect(Object.keys(await handle.state.keys.get('session', ['2']))).toEqual(['2'])
      await world.expectRecordsElsewhere(handle, { session: { 2: 'y' } })
    })

    test('repeated ids are answered once', async () => {
      const { state } = await world.openNew()
      await state.keys.set({ session: { 1: 'x' } })
      const answer = await state.keys.get('session', ['1', '2', '1', '2', '1'])
      expect(answer).toEqual({ 1: 'x', 2: null })
    })

    test('ids that are numbers are answered under their names', async () => {
      const { state } = await world.openNew()
      await state.keys.set({ 'pre-key': { 7: 'x' } })
      expect(await state.keys.get('pre-key', [7, 8])).toEqual({ 7: 'x', 8: null })
    })

    const falsy = { null: null, undefined: undefined, false: false, 0: 0, '-0': -0, NaN, "''": '' }
    test.each(Object.keys(falsy))('%s deletes', async (name) => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: 'x', 2: 'y' }, 'pre-key': { 1: 'z' } })
      await handle.state.keys.set({ session: { 1: falsy[name] } })
      await world.expectRecordsEverywhere(handle, {
        session: { 1: null, 2: 'y' },
        'pre-key': { 1: 'z' },
      })
    })

    test('deleting what is not there is no error', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: null }, 'never-written': { 1: null } })
      await handle.state.keys.set({ session: { 1: null, 2: 'x' } })
      await world.expectRecordsEverywhere(handle, { session: { 1: null, 2: 'x' } })
    })

    test('a record that was deleted can be written again', async () => {
      const handle = await world.openNew()
      for (const value of ['first', null, 'second'])
        await handle.state.keys.set({ session: { 1: value } })
      await world.expectRecordsEverywhere(handle, { session: { 1: 'second' } })
    })

    test('a call may delete and write', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ 'pre-key': { 1: 'a', 2: 'b' }, session: { 1: 'c' } })
      await handle.state.keys.set({ 'pre-key': { 1: null, 3: 'd' }, session: { 1: null, 2: 'e' } })
      await world.expectRecordsEverywhere(handle, {
        'pre-key': { 1: null, 2: 'b', 3: 'd' },
        session: { 1: null, 2: 'e' },
      })
    })

    test('writing the same again is the same', async () => {
      const handle = await world.openNew()
      const records = recordsOf(world.baileys)
      for (let round = 0; round < 3; round++) await handle.state.keys.set(records)
      await world.expectRecordsEverywhere(handle, records)
    })

    test('what was read can be written back', async () => {
      const handle = await world.openNew()
      const records = recordsOf(world.baileys)
      await handle.state.keys.set(records)
      for (const [type, byId] of Object.entries(records)) {
        await handle.state.keys.set({
          [type]: await handle.state.keys.get(type, Object.keys(byId)),
        })
      }
      await world.expectRecordsEverywhere(handle, records)
    })

    test('812 pre-keys, as pairing writes them', async () => {
      const preKey = recordsOf(world.baileys)['pre-key'][1]
      await world.expectKept({
        'pre-key': Object.fromEntries(range(812).map((id) => [id, preKey])),
      })
    })

    test('9,000 records of five types in one call', async () => {
      const some = recordsOf(world.baileys)
      const records = {}
      const kinds = ['session', 'lid-mapping', 'device-list', 'tctoken', 'identity-key']
      for (const type of kinds) {
        const values = Object.values(some[type])
        const pairs = range(1800).map((id, i) => [`${type}.${id}`, values[i % values.length]])
        records[type] = Object.fromEntries(pairs)
      }
      const handle = await world.openNew()
      await handle.state.keys.set(records)
      await world.expectRecordsEverywhere(handle, records)
    })

    test('4,500 ids at once, half of them missing', async () => {
      const handle = await world.openNew()
      const present = Object.fromEntries(range(2250).map((id) => [id, `value ${id}`]))
      await handle.state.keys.set({ 'lid-mapping': present })
      const missing = Object.fromEntries(range(2250).map((id) => [`missing ${id}`, null]))
      await world.expectRecordsEverywhere(handle, { 'lid-mapping': { ...present, ...missing } })
    })

    test('a record of half a megabyte, written again and again', async () => {
      const handle = await world.openNew()
      const record = Buffer.alloc(446_000, 'sender key')
      for (let i = 0; i < 5; i++) {
        record[i] = i
        await handle.state.keys.set({ 'sender-key': { 1: record } })
      }
      await world.expectRecordsEverywhere(handle, { 'sender-key': { 1: record } })
    })

    test('objects without a prototype', async () => {
      const bare = (entries) => Object.assign(Object.create(null), entries)
      const handle = await world.openNew()
      await handle.state.keys.set(bare({ session: bare({ 1: 'x' }) }))
      await world.expectRecordsEverywhere(handle, { session: { 1: 'x' } })
    })

    test('get and set need no this', async () => {
      const handle = await world.openNew()
      const { get, set } = handle.state.keys
      await set({ session: { 1: 'x' } })
      expect(await get('session', ['1'])).toEqual({ 1: 'x' })
    })
  })
}
