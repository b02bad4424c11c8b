'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS, sqlOf } = require('./layouts')
const { addAccount, expectRefused, makeProxy, makeStore } = require('./stores')

// Somebody gets ahead of each look that a clear takes at what it is to delete: here PostgreSQL passes its deletions over.

describe.each(LAYOUTS)('layout %s', (layout) => {
  const { clear, isClear } = sqlOf[layout]
  let db, account, owner, store

  beforeEach(async () => {
    db = await createDatabase({ layout })
    account = await addAccount(db)
    // By way of a proxy it is to the other store as one of another process.
    owner = await makeStore((await makeProxy(db.url)).url(db.url)).useAuthState(account)
    await owner.saveCreds()
    store = makeStore(db.url)
  })

  afterEach(() => db.drop())

  const passOver = (times) =>
    db.query(`
      CREATE SEQUENCE clears;
      CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('clears') <= ${times} THEN RETURN NULL; END IF;
          RETURN coalesce(NEW, OLD);
        END $$;
      CREATE TRIGGER passing BEFORE ${clear} FOR EACH ROW WHEN (${isClear}) EXECUTE FUNCTION pass()`)

  test('a clear that others get ahead of is done all the same, and late writes are refused', async () => {
    await passOver(9)
    await store.clear(account)
    expect(await db.stored(account)).toBeNull()
    await expectRefused(owner.saveCreds(), 'ERR_SESSION_CLEARED')
    expect(await db.stored(account)).toBeNull()
  })

  test('a clear that others get ahead of for good says so, and leaves the account as it is', async () => {
    await passOver(1_000)
    const error = await expectRefused(store.clear(account), 'ERR_SESSION_SUPERSEDED')
    expect(error).toMatchObject({ operation: 'clear', accountId: account })
    expect(await db.stored(account)).not.toBeNull()
    const { state } = await store.useAuthState(account)
    expect(state.creds.noiseKey).toEqual(owner.state.creds.noiseKey)
  })
})
