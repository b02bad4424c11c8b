'use strict'

const { Client } = require('pg')

const { ColumnDatabase } = require('./column-database')

const database = new ColumnDatabase()
beforeAll(() => database.setUp())
afterAll(() => database.tearDown())

/** Sets the time zone of every connection that is made to the database from now on. */
async function setTimeZone(zone) {
  const name = new URL(database.db.url).pathname.slice(1)
  await database.db.query(`ALTER DATABASE ${name} SET timezone = '${zone}'`)

  const client = new Client({ connectionString: database.db.url })
  await client.connect()
  const { rows } = await client.query('SHOW timezone')
  await client.end()
  expect(rows).toEqual([{ TimeZone: zone }])
}

/** The time without a time zone in the column, read as UTC: what Prisma takes it for. */
async function updatedAt(accountId) {
  const { rows } = await database.db.query(
    'SELECT updated_at::text AS text FROM whatsapp_accounts WHERE id = $1',
    [accountId],
  )
  return Date.parse(`${rows[0].text.replace(' ', 'T')}Z`)
}

test.each(['UTC', 'Asia/Tokyo', 'America/St_Johns'])(
  'every write sets it in UTC, on a server in %s',
  async (zone) => {
    await setTimeZone(zone)
    const store = database.store()
    const accountId = await database.accountWith(null)

    const writes = {
      open: () => store.useAuthState(accountId),
      saveCreds: (handle) => handle.saveCreds(),
      set: ({ state }) => state.keys.set({ session: { 1: 'x' } }),
      clear: () => store.clear(accountId),
    }
    let handle
    for (const [name, write] of Object.entries(writes)) {
      await database.db.query(
        `UPDATE whatsapp_accounts SET updated_at = '2001-01-01' WHERE id = $1`,
        [accountId],
      )
      const before = Date.now()
      handle = (await write(handle)) ?? handle
      const at = await updatedAt(accountId)
      // The column holds rounded milliseconds.
      expect([name, at >= before - 1, at <= Date.now() + 1]).toEqual([name, true, true])
    }
  },
)
