'use strict'

const { pairedFields } = require('../records')

/** The credentials: one object that Baileys changes in place, and whose last state counts. */
module.exports = (world) => {
  const reopen = async ({ accountId, close }) => {
    await close?.()
    return { accountId, ...(await world.open(accountId)) }
  }

  async function expectCreds(handle, creds) {
    const expected = world.describeExpectedCreds(creds)
    const again = await reopen(handle)
    expect(world.describe(again.state.creds)).toBe(expected)
    expect(await world.credsElsewhere(handle.accountId)).toBe(expected)
  }

  describe('credentials', () => {
    test('fresh ones are what initAuthCreds makes', async () => {
      const { state } = await world.openNew()
      expect(Object.keys(state.creds)).toEqual(Object.keys(world.baileys.initAuthCreds()))
      expect(state.creds.registered).toBe(false)
      const { noiseKey, signedPreKey, signedIdentityKey } = state.creds
      for (const pair of [noiseKey, signedIdentityKey, signedPreKey.keyPair]) {
        expect(
          [pair.private, pair.public].map((key) => [Buffer.isBuffer(key), key.length]),
        ).toEqual([
          [true, 32],
          [true, 32],
        ])
      }
    })

    test('fresh ones differ from account to account', async () => {
      const [first, second] = [await world.openNew(), await world.openNew()]
      expect(first.state.creds.noiseKey).not.toEqual(second.state.creds.noiseKey)
      expect(first.state.creds.advSecretKey).not.toBe(second.state.creds.advSecretKey)
    })

    test('nothing is kept before the first save', async () => {
      const handle = await world.openNew()
      const again = await reopen(handle)
      expect(again.state.creds.noiseKey).not.toEqual(handle.state.creds.noiseKey)
    })

    test('saved ones come back, without what was undefined', async () => {
      const handle = await world.openNew()
      await handle.saveCreds()
      expect(Object.hasOwn(handle.state.creds, 'routingInfo')).toBe(true)
      const again = await reopen(handle)
      expect(Object.hasOwn(again.state.creds, 'routingInfo')).toBe(false)
      expect(Buffer.isBuffer(again.state.creds.noiseKey.private)).toBe(true)
      await expectCreds(again, handle.state.creds)
    })

    test('they stay the same object', async () => {
      const { state, saveCreds } = await world.openNew()
      const { creds } = state
      creds.pairingCode = 'ABCDEFGH'
      await saveCreds()
      expect(state.creds).toBe(creds)
      expect(creds.pairingCode).toBe('ABCDEFGH')
    })

    test('pairing: the account is an instance of its class at first, plain strings later', async () => {
      const handle = await world.openNew()
      await handle.saveCreds()
      Object.assign(handle.state.creds, pairedFields(world.baileys))
      await handle.saveCreds()

      const again = await reopen(handle)
      const { account, me, signalIdentities } = again.state.creds
      expect(account.accountSignatureKey).toBe(Buffer.alloc(32, 2).toString('base64'))
      expect(world.baileys.encodeSignedDeviceIdentity(account, true)).toEqual(
        world.baileys.encodeSignedDeviceIdentity(handle.state.creds.account, true),
      )
      expect(Object.keys(me)).toEqual(['id', 'lid'])
      expect(Buffer.isBuffer(signalIdentities[0].identifierKey)).toBe(true)

      // Saved once more in its plain form, it stays as it is.
      again.state.creds.nextPreKeyId = 813
      await again.saveCreds()
      await expectCreds(again, again.state.creds)
    })

    test('what a lifetime adds', async () => {
      const handle = await world.openNew()
      Object.assign(handle.state.creds, pairedFields(world.baileys), {
        advSecretKey: 'ADYSbRtRjSKWkjRzCSG7zQ==',
        routingInfo: Buffer.from([8, 2, 8, 5]),
        lastPropHash: '3gPUJk',
        processedHistoryMessages: [
          { key: { remoteJid: 'x@s.whatsapp.net', fromMe: true, id: 'A' }, messageTimestamp: 1 },
        ],
        myAppStateKeyId: 'AAAA/w+=',
        accountSyncCounter: 1,
        lastAccountSyncTimestamp: 1700000000,
        accountSettings: {
          unarchiveChats: true,
          defaultDisappearingMode: { ephemeralExpiration: 0 },
        },
        additionalData: { ours: [Buffer.alloc(0), 'a\ud800\u0000', { '😀': null }, new Date(0)] },
      })
      await handle.saveCreds()
      await expectCreds(handle, handle.state.creds)
    })

    test('properties that were set to undefined or removed are gone', async () => {
      const handle = await world.openNew()
      Object.assign(handle.state.creds, { pairingCode: 'ABCDEFGH', lastPropHash: 'x' })
      await handle.saveCreds()
      handle.state.creds.pairingCode = undefined
      delete handle.state.creds.lastPropHash
      await handle.saveCreds()
      const again = await reopen(handle)
      expect(again.state.creds).not.toHaveProperty('pairingCode')
      expect(again.state.creds).not.toHaveProperty('lastPropHash')
      await expectCreds(again, handle.state.creds)
    })

    test('saveCreds needs no this and ignores its arguments', async () => {
      const handle = await world.openNew()
      const { saveCreds } = handle
      handle.state.creds.accountSyncCounter = 5
      await saveCreds({ accountSyncCounter: 99 }, 'unused')
      await saveCreds.call({ creds: {} }, null)
      await expectCreds(handle, handle.state.creds)
    })

    test('as an event listener, the last state wins', async () => {
      const handle = await world.openNew()
      const saves = []
      for (let i = 1; i <= 100; i++) {
        handle.state.creds.accountSyncCounter = i
        handle.state.creds.routingInfo = Buffer.from([i])
        saves.push(handle.saveCreds())
      }
      await Promise.all(saves)
      await expectCreds(handle, handle.state.creds)
    })

    test('opened again they are an object of their own', async () => {
      const handle = await world.openNew()
      await handle.saveCreds()
      const again = await reopen(handle)
      again.state.creds.noiseKey.private.fill(0)
      again.state.creds.accountSettings.unarchiveChats = 'changed'
      const third = await reopen(again)
      await expectCreds(third, handle.state.creds)
    })
  })
}
