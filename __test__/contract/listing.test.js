'use strict'

const { providers } = require('./providers')
const { recordsOf, recordTypes } = require('./records')
const { World } = require('./world')

async function collect(iterator) {
  const items = []
  for await (const item of iterator) items.push(item)
  return items
}

// What our stores offer beyond the reference: listing and deleting all keys.
const ours = providers.filter(({ isReference }) => !isReference)

describe.each(ours.map((provider) => [provider.name, provider]))('%s', (_, provider) => {
  const world = new World()
  beforeAll(() => world.setUp(provider))
  afterAll(() => world.tearDown())

  test.each(recordTypes)('every %s is listed, and nothing else', async (type) => {
    const { state } = await world.openNew()
    const records = recordsOf(world.baileys)
    await state.keys.set(records)
    const listed = await collect(state.keys.list(type))
    expect(listed.map(([id, value]) => [id, world.describe(value)]).sort()).toEqual(
      world.describeExpected(type, records[type]),
    )
    expect((await collect(state.keys.listIds(type))).sort()).toEqual(
      Object.keys(records[type]).sort(),
    )
  })

  test('a type without records, or never heard of, is an empty list', async () => {
    const { state } = await world.openNew()
    await state.keys.set({ 'sender-key-memory': { 1: { a: true } }, 'pre-key': { 1: 'x' } })
    await state.keys.set({ 'pre-key': { 1: null } })
    for (const type of ['pre-key', 'sender-key', 'sender', 'never-written', '']) {
      expect([type, await collect(state.keys.list(type))]).toEqual([type, []])
      expect([type, await collect(state.keys.listIds(type))]).toEqual([type, []])
    }
  })

  test('ids of any kind are listed as they are', async () => {
    const { state } = await world.openNew()
    const ids = ['', '-', 'a-b', 'a/b', 'a::b', '%', '😀', 'a\u0000b', '__proto__', 'é'.repeat(300)]
    const records = Object.fromEntries(ids.map((id) => [id, id || 'empty']))
    await state.keys.set({ session: records, 'a-new-type': records })
    for (const type of ['session', 'a-new-type']) {
      expect((await collect(state.keys.listIds(type))).sort()).toEqual(ids.toSorted())
      const listed = Object.fromEntries(await collect(state.keys.list(type)))
      expect(listed).toEqual(records)
    }
  })

  test('what was set and is not committed yet is listed too', async () => {
    const { state } = await world.openNew()
    await state.keys.set({ session: { 1: 'old', 2: 'old' } })
    const written = state.keys.set({ session: { 1: 'new', 2: null, 3: 'new' } })
    const listed = await collect(state.keys.list('session'))
    expect(listed.sort()).toEqual([
      ['1', 'new'],
      ['3', 'new'],
    ])
    await written
  })

  test('what is set while a list is read does not disturb it', async () => {
    const { state } = await world.openNew()
    const ids = Array.from({ length: 1_000 }, (_, i) => String(i))
    await state.keys.set({ session: Object.fromEntries(ids.map((id) => [id, { id }])) })
    const listed = []
    for await (const [id, value] of state.keys.list('session')) {
      listed.push(id)
      expect(value).toEqual({ id })
      await state.keys.set({ session: { [`new ${id}`]: 'x' } })
    }
    expect(listed.sort()).toEqual(ids.sort())
  })

  test('listed values are copies, and reading may end early', async () => {
    const handle = await world.openNew()
    await handle.state.keys.set({ session: { 1: { a: {} }, 2: { a: {} } } })
    for await (const [, value] of handle.state.keys.list('session')) {
      value.a.changed = true
      break
    }
    await world.expectRecordsEverywhere(handle, { session: { 1: { a: {} }, 2: { a: {} } } })
  })

  test('clear deletes every key, and the credentials stay', async () => {
    const handle = await world.openNew()
    const records = recordsOf(world.baileys)
    await handle.saveCreds()
    await handle.state.keys.set(records)
    const late = handle.state.keys.set({ session: { late: 'x' } })
    await handle.state.keys.clear()
    await late
    const none = Object.fromEntries(
      Object.entries(records).map(([type, byId]) => [
        type,
        Object.fromEntries(Object.keys(byId).map((id) => [id, null])),
      ]),
    )
    await world.expectRecords(handle, { ...none, session: { ...none.session, late: null } })

    await handle.state.keys.set({ session: { after: 'y' } })
    await world.expectRecordsEverywhere(handle, { ...none, session: { late: null, after: 'y' } })
    expect(await world.credsElsewhere(handle.accountId)).toBe(
      world.describeExpectedCreds(handle.state.creds),
    )
  })
})
