'use strict'

/** Ids that every store keeps. */
const ids = {
  'as Baileys makes them': [
    '1',
    '16777215',
    '5511911111111.0',
    '123456789012345_1.99',
    '5511911111111_128.0',
    '5511911111111@s.whatsapp.net',
    'critical_unblock_low',
    '123456789012345_reverse',
    '__index',
  ],
  'with %': ['%', '%2F', '%25', 'a%00b', '%s'],
  'with emoji and other letters': ['😀', 'Zoë', 'Zoe\u0308', '\u202eabc', '日本'],
  'with white space': [' ', 'a b', ' a', 'a ', '\t', '\n', '\r\n', '\u00a0', '\u2028'],
  'with quotes, and what SQL and LIKE know': [
    "'",
    '"',
    '\\',
    '_',
    '$1',
    "'; --",
    '{}',
    '[]',
    '*',
    '?',
  ],
  'that are empty': [''],
  'that JavaScript knows': [
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    'toJSON',
    'null',
  ],
  'that look like numbers': ['0', '00', '-0', '-1', '1.0', '1e3', '4294967295', '9007199254740993'],
  'that look like files': ['.', '..', '...', '.json', 'x.json', 'creds'],
  'that differ in case only': ['abcd', 'ABCD', 'Abcd', 'ß', 'SS', 'ı', 'i', 'I', 'İ'],
}

/** Two ids each that some stores take for one. */
const confusable = {
  'ids with / and :': [
    ['a/b', 'a__b'],
    ['a::b', 'a--b'],
  ],
  'ids with lone surrogates': [['\ud800', '\ud801']],
}

/** Ids that some stores cannot write: they are no names of files. */
const unwritable = { 'long ids': 'é'.repeat(300), 'ids with NUL': 'a\u0000b' }

module.exports = (world, provider) => {
  const outcome = (what) => provider.losses[what] ?? 'kept'
  const numbered = (list) => Object.fromEntries(list.map((id, i) => [id, `record ${i}`]))

  describe('ids', () => {
    test.each(Object.keys(ids))('%s', (name) =>
      world.expectKept({ session: numbered(ids[name]), 'a-new-type': numbered(ids[name]) }),
    )

    test('with the characters that Baileys uses', () =>
      world.expectKept({
        'sender-key': {
          '120363000000000000@g.us::5511911111111_1::3': Buffer.from('a'),
          'status@broadcast::5511911111111::0': Buffer.from('b'),
        },
        'app-state-sync-key': { 'AAAA/w+=': { keyData: Buffer.from('a') } },
      }))

    for (const [what, pairs] of Object.entries(confusable)) {
      test.each(pairs)(`${what}: %j and %j, ${outcome(what)}`, async (first, second) => {
        const handle = await world.openNew()
        if (outcome(what) === 'refused') {
          await expect(handle.state.keys.set({ session: { [first]: 'x' } })).rejects.toThrow()
          await expect(handle.state.keys.get('session', [first])).rejects.toThrow()
          return
        }
        await handle.state.keys.set({ session: { [first]: 'first' } })
        await handle.state.keys.set({ session: { [second]: 'second' } })
        const expected = { kept: 'first', 'one record': 'second' }[outcome(what)]
        await world.expectRecordsEverywhere(handle, {
          session: { [first]: expected, [second]: 'second' },
        })
      })
    }

    const boundary = 'where the type ends'
    test(`${boundary}: sender-key "memory-x", sender-key-memory "x", ${outcome(boundary)}`, async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ 'sender-key': { 'memory-x': 'key' } })
      await handle.state.keys.set({ 'sender-key-memory': { x: 'memory' } })
      const expected = { kept: 'key', 'one record': 'memory' }[outcome(boundary)]
      await world.expectRecordsEverywhere(handle, {
        'sender-key': { 'memory-x': expected },
        'sender-key-memory': { x: 'memory' },
      })
    })

    for (const [what, id] of Object.entries(unwritable)) {
      test(`${what}: ${outcome(what)}`, async () => {
        const handle = await world.openNew()
        const write = handle.state.keys.set({ session: { [id]: 'x' } })
        if (outcome(what) === 'refused') await expect(write).rejects.toThrow()
        else await write
        const expected = { kept: 'x', refused: null }[outcome(what)]
        await world.expectRecordsEverywhere(handle, { session: { [id]: expected } })
      })
    }

    test(`__proto__ as id: ${outcome('__proto__ as id')}`, async () => {
      const handle = await world.openNew()
      const records = { session: { ['__proto__']: { secret: 1 }, other: 'x' } }
      await handle.state.keys.set(records)
      expect({}.secret).toBeUndefined()
      if (outcome('__proto__ as id') === 'kept')
        return world.expectRecordsEverywhere(handle, records)

      // Assigned like any other property, it became the prototype of the answer.
      const answer = await handle.state.keys.get('session', ['__proto__', 'other'])
      expect(Object.keys(answer)).toEqual(['other'])
      expect(answer.secret).toBe(1)
    })
  })
}
