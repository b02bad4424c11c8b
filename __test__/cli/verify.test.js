'use strict'

const { createDatabase } = require('../support/database')
const { LAYOUTS } = require('../faults/layouts')
const { makeStore, quickBaileys } = require('../faults/stores')
const { expectReadable, makeFresh, openNew, repair, spoil } = require('../faults/quarantine-world')
const { command, settings } = require('./command')

describe.each(LAYOUTS)('layout %s', (layout) => {
  let db
  let session

  beforeEach(async () => {
    db = await createDatabase({ layout })
    const store = makeStore(db.url)
    session = await openNew(db, store)
    await store.close()
  })

  afterEach(() => db.drop())

  const cli = (args, secret) => command(args, settings(db, secret))

  test('verify says that all can be read', async () => {
    const { status, stdout, stderr } = await cli(['verify'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^1 sessions read: 4 records, [\d.]+ k?B\ntype +records\ncreds +1\n/)
    expect(stdout).toMatch(/^all of it can be read\n$/m)
  })

  test('verify names what cannot be read, and its status says so', async () => {
    const { secret } = await spoil(db, session.id)
    const { status, stdout } = await cli(['verify'], secret)
    expect(status).toBe(3)
    expect(stdout).toMatch(/^unreadable +layout +record +why\n/m)
    expect(stdout).toMatch(new RegExp(`^${session.id} +${layout} .*\\(ERR_UNREADABLE\\)$`, 'm'))
    const json = await cli(['verify', session.id, '--json'], secret)
    expect(json.status).toBe(3)
    expect(JSON.parse(json.stdout)).toMatchObject({
      sessions: 1,
      unreadable: [{ accountId: session.id, layout, record: null, code: 'ERR_UNREADABLE' }],
    })
  })

  test('verify fails for an account without a session', async () => {
    const { status, stderr } = await cli(['verify', 'nobody'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/no session.*\(ERR_ACCOUNT_NOT_FOUND\)\n$/)
  })

  test('nothing is in quarantine', async () => {
    expect(await cli(['quarantine'])).toMatchObject({
      status: 0,
      stdout: 'nothing is in quarantine\n',
    })
  })

  describe('with a session in quarantine', () => {
    let id

    beforeEach(async () => {
      const fresh = makeFresh(db.url, await spoil(db, session.id))
      await fresh.useAuthState(session.id)
      ;[{ id }] = await fresh.quarantine()
      await fresh.close()
      // What was begun in its place, under whatever secret, is none that these tests look at.
      const store = makeStore(db.url)
      await store.clear(session.id)
      await store.close()
    })

    test('it is listed, and a finding of verify', async () => {
      const { status, stdout } = await cli(['quarantine'])
      expect(status).toBe(0)
      expect(stdout).toMatch(/^in quarantine +account +since +why +layout +records +size\n/)
      expect(stdout).toMatch(new RegExp(`^${id} +${session.id} .* ERR_UNREADABLE +${layout} `, 'm'))
      expect(JSON.parse((await cli(['quarantine', '--json'])).stdout)).toMatchObject([{ id }])
      const verified = await cli(['verify'])
      expect(verified.status).toBe(3)
      expect(verified.stdout).toContain(id)
    })

    test('it is not put in the place of another one unless somebody says so', async () => {
      await makeStore(db.url, { baileys: quickBaileys }).useAuthState(session.id)
      const refused = await cli(['restore', id])
      expect(refused.status).toBe(2)
      expect(refused.stderr).toMatch(/replace.*\(ERR_ARGUMENT\)\n$/)
      const unasked = await cli(['restore', id, '--replace'])
      expect(unasked.status).toBe(2)
      expect(unasked.stderr).toContain('--yes')
      expect(JSON.parse((await cli(['quarantine', '--json'])).stdout)).toMatchObject([{ id }])
    })

    test('it comes back, and the other one goes there in turn', async () => {
      await makeStore(db.url, { baileys: quickBaileys }).useAuthState(session.id)
      const { status, stdout } = await cli(['restore', id, '--replace', '--yes'])
      expect({ status, stdout }).toEqual({ status: 0, stdout: 'restored\n' })
      await repair(db, session.id)
      await expectReadable(session, makeStore(db.url))
      const [{ accountId, reason }] = JSON.parse((await cli(['quarantine', '--json'])).stdout)
      expect({ accountId, reason }).toEqual({ accountId: session.id, reason: 'replaced' })
    })

    test('an id that is none is refused', async () => {
      const { status, stderr } = await cli(['restore', 'an-id'])
      expect(status).toBe(2)
      expect(stderr).toMatch(/\(ERR_ARGUMENT\)\n$/)
    })
  })
})
