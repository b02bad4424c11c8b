'use strict'

const { recordsOf } = require('../records')

/** Changes everything that can be changed in a value. */
function vandalize(value) {
  if (ArrayBuffer.isView(value)) value.fill(0xff)
  else if (Array.isArray(value)) value.push('vandalized')
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) vandalize(inner)
    value.vandalized = true
  }
}

/** Baileys changes what it gets and what it has set. Nobody else may see that. */
module.exports = (world, provider) => {
  describe('copies', () => {
    test('what is done to a value after it was set is not stored', async () => {
      const handle = await world.openNew()
      const data = recordsOf(world.baileys)
      const { creds } = handle.state
      await handle.state.keys.set(data)

      const before = writtenDown(world, data)
      vandalize(data)
      expect(handle.state.creds).toBe(creds)
      for (const [type, pairs] of before) await expectPairs(world, handle, type, pairs)
      await handle.saveCreds()
      for (const [type, pairs] of before) await expectPairs(world, handle, type, pairs)
    })

    test('what is done to an answer is not seen by the next get, nor stored', async () => {
      const handle = await world.openNew()
      const records = recordsOf(world.baileys)
      await handle.state.keys.set(records)
      for (const [type, byId] of Object.entries(records)) {
        const answer = await handle.state.keys.get(type, Object.keys(byId))
        for (const value of Object.values(answer)) vandalize(value)
        for (const id of Object.keys(answer)) delete answer[id]
      }
      await handle.state.keys.set({ 'lid-mapping': { another: '1' } })
      await world.expectRecordsEverywhere(handle, records)
    })

    test('answers and what is in them can be changed', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set(recordsOf(world.baileys))
      const group = '120363000000000000@g.us'
      const answer = await handle.state.keys.get('sender-key-memory', [group])
      answer[group]['5511922222222:0@s.whatsapp.net'] = true
      const devices = await handle.state.keys.get('device-list', ['5511911111111'])
      devices['5511911111111'].push('14')
      const changed = { 'sender-key-memory': answer, 'device-list': devices }
      await handle.state.keys.set(changed)
      await world.expectRecordsEverywhere(handle, changed)
    })

    test('two gets at once share nothing', async () => {
      const { state } = await world.openNew()
      await state.keys.set({ 'sender-key': { 1: Buffer.from('abc') }, session: { 1: { a: {} } } })
      const [first, second] = await Promise.all([
        state.keys.get('sender-key', ['1']),
        state.keys.get('sender-key', ['1', '1']),
      ])
      first['1'].fill(0)
      expect(second['1']).toEqual(Buffer.from('abc'))
      const sessions = await Promise.all([1, 2].map(() => state.keys.get('session', ['1'])))
      sessions[0]['1'].a.changed = true
      expect(sessions[1]['1']).toEqual({ a: {} })
    })

    const taken = provider.losses['values at the call'] ?? 'those at the call'
    test(`what is changed after the call, before the commit: ${taken}`, async () => {
      const handle = await world.openNew()
      const value = { list: [1], bytes: Buffer.from('abc') }
      const written = handle.state.keys.set({ session: { 1: value } })
      value.list.push(2)
      value.bytes.fill('z')
      await written
      await world.expectRecordsEverywhere(handle, {
        session: { 1: taken === 'later ones' ? value : { list: [1], bytes: Buffer.from('abc') } },
      })
    })

    test('the object handed over is not changed', async () => {
      const handle = await world.openNew()
      const data = recordsOf(world.baileys)
      const before = world.describe(data)
      const frozen = Object.freeze({ session: Object.freeze({ 1: Object.freeze({ a: 1 }) }) })
      await Promise.all([handle.state.keys.set(data), handle.state.keys.set(frozen)])
      expect(world.describe(data)).toBe(before)
    })
  })
}

/** What a get of these records gives, written down now: they are about to be changed. */
function writtenDown(world, records) {
  return Object.entries(records).map(([type, byId]) => [type, world.describeExpected(type, byId)])
}

async function expectPairs(world, { state }, type, pairs) {
  const answer = await state.keys.get(
    type,
    pairs.map(([id]) => id),
  )
  expect(pairs.map(([id]) => [id, world.describe(answer[id])])).toEqual(pairs)
}
