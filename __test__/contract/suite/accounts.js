'use strict'

const { recordsOf } = require('../records')

/** Accounts share nothing, and an account is what all of its handles see. */
module.exports = (world) => {
  describe('accounts', () => {
    test.each([
      ['in the number', ['tenant-1', 'tenant-2']],
      ['in case', ['Tenant', 'tenant']],
      ['in what LIKE takes for a wildcard', ['t_1', 't%1', 'tx1', 't:1', 't/1']],
      ['in white space', ['tenant a', 'tenant a ', ' tenant a']],
      ['in a quote', ["o'neil", 'oneil', 'o"neil']],
      ['in a letter', ['zoë', 'zoe', '😀']],
    ])('whose ids differ %s are isolated', async (_, accountIds) => {
      const handles = []
      for (const accountId of accountIds) {
        handles.push({ accountId, ...(await world.open(await world.account(accountId))) })
      }
      const own = (i) => ({ session: { 1: `of ${i}` }, 'lid-mapping': { [`only ${i}`]: 'x' } })
      await Promise.all(handles.map(({ state }, i) => state.keys.set(own(i))))
      await Promise.all(handles.map(({ saveCreds }) => saveCreds()))
      await handles[0].state.keys.set({ session: { 1: null } })

      for (const [i, handle] of handles.entries()) {
        const records = i === 0 ? { ...own(0), session: { 1: null } } : own(i)
        const other = (i + 1) % handles.length
        records['lid-mapping'][`only ${other}`] = null
        await world.expectRecordsEverywhere(handle, records)
        expect(await world.credsElsewhere(handle.accountId)).toBe(
          world.describeExpectedCreds(handle.state.creds),
        )
      }
    })

    test('keys may be saved before any credentials', async () => {
      const handle = await world.openNew()
      const records = recordsOf(world.baileys)
      await handle.state.keys.set(records)
      await world.expectRecordsEverywhere(handle, records)

      const again = { accountId: handle.accountId, ...(await world.open(handle.accountId)) }
      expect(again.state.creds.noiseKey).not.toEqual(handle.state.creds.noiseKey)
      await again.saveCreds()
      await world.expectRecordsEverywhere(again, records)
      expect(await world.credsElsewhere(handle.accountId)).toBe(
        world.describeExpectedCreds(again.state.creds),
      )
    })

    test('what one handle was acknowledged, the next one reads', async () => {
      const accountId = await world.account()
      const records = recordsOf(world.baileys)
      let creds
      for (let turn = 0; turn < 3; turn++) {
        const handle = { accountId, ...(await world.open(accountId)) }
        if (turn > 0) {
          await world.expectRecords(handle, { ...records, session: { turn: { turn: turn - 1 } } })
          expect(world.describe(handle.state.creds)).toBe(creds)
        }
        handle.state.creds.accountSyncCounter = turn
        await handle.saveCreds()
        await handle.state.keys.set(turn === 0 ? records : {})
        await handle.state.keys.set({ session: { turn: { turn } } })
        creds = world.describeExpectedCreds(handle.state.creds)
      }
    })

    test('many at once', async () => {
      const handles = await Promise.all(Array.from({ length: 10 }, () => world.openNew()))
      const recordsFor = (i) => ({ session: { 1: { i } }, 'pre-key': { [i]: Buffer.from([i]) } })
      await Promise.all(handles.map(({ state }, i) => state.keys.set(recordsFor(i))))
      for (const [i, handle] of handles.entries()) {
        await world.expectRecordsEverywhere(handle, recordsFor(i))
      }
    })
  })
}
