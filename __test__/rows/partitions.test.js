'use strict'

// What other tests say of rows, over records that are spread over partitions.

jest.mock('../faults/layouts', () => ({
  ...jest.requireActual('../faults/layouts'),
  LAYOUTS: ['rows'],
}))

jest.mock('../support/database', () => {
  const { createDatabase } = jest.requireActual('../support/database')
  return {
    createDatabase: (options = {}) =>
      createDatabase(options.layout === 'rows' ? { ...options, partitions: 4 } : options),
  }
})

const { createDatabase } = require('../support/database')
// What these do after each test, they do after those of all files.
require('../faults/stores')
require('../moving/folders')

test('they are over partitions, each with some', async () => {
  const db = await createDatabase({ layout: 'rows' })
  const { makeStore } = require('../faults/stores')
  try {
    for (let n = 0; n < 40; n++) {
      await (await makeStore(db.url).useAuthState(`account-${n}`)).saveCreds()
    }
    const { rows } = await db.query(
      'SELECT tableoid::regclass::text AS part, count(*)::int FROM baileys_auth.record GROUP BY 1 ORDER BY 1',
    )
    expect(rows.map(({ part }) => part)).toEqual([
      'baileys_auth.record_0',
      'baileys_auth.record_1',
      'baileys_auth.record_2',
      'baileys_auth.record_3',
    ])
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(40)
  } finally {
    await db.drop()
  }
})

describe.each([
  '../faults/takeover.test',
  '../faults/clear.test',
  '../faults/rotation.test',
  '../faults/quarantine.test',
  '../faults/quarantine-restore.test',
  './fencing.test',
  './rekey.test',
  '../migration/live.test',
])('%s', (file) => {
  require(file)
})
