'use strict'

// One or more records of each of Baileys' ten types, in the shapes and classes that Baileys really hands to `keys.set`.

/** Baileys' ten record types. */
const recordTypes = [
  'pre-key',
  'session',
  'sender-key',
  'sender-key-memory',
  'app-state-sync-key',
  'app-state-sync-version',
  'lid-mapping',
  'device-list',
  'tctoken',
  'identity-key',
]

/** A view into the middle of a larger buffer, as a decoder gives it. */
function view(length, fill) {
  const larger = new Uint8Array(length + 64).fill(0xee)
  larger.fill(fill, 32, 32 + length)
  return larger.subarray(32, 32 + length)
}

const bufferView = (length, fill) => {
  const bytes = view(length, fill)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** An app state sync key as a message brings it: decoded, its bytes a view of the message. */
function decodedSyncKey({ AppStateSyncKeyData }) {
  const sent = AppStateSyncKeyData.fromObject({
    keyData: Buffer.alloc(32, 9),
    fingerprint: { rawId: 7, currentIndex: 1, deviceIndexes: [0, 1] },
    timestamp: '1700000000000',
  })
  return AppStateSyncKeyData.decode(Uint8Array.from(AppStateSyncKeyData.encode(sent).finish()))
}

/** A session that has an open and a closed chain; the chain key of the closed one is `undefined`. */
const session = () => ({
  _sessions: {
    'BXq2Y+uU7xw1b4mVjQ8vQ2mT0l3iZ8n9oP1rS5tU6vW7': {
      registrationId: 253,
      currentRatchet: {
        ephemeralKeyPair: { pubKey: 'BWZha2U=', privKey: 'c2VjcmV0' },
        lastRemoteEphemeralKey: 'BWZha2Uy',
        previousCounter: 3,
        rootKey: 'cm9vdA==',
      },
      indexInfo: {
        baseKey: 'BXq2Y+uU7xw1b4mVjQ8vQ2mT0l3iZ8n9oP1rS5tU6vW7',
        baseKeyType: 2,
        closed: -1,
        used: 1700000000123,
        created: 1700000000000,
        remoteIdentityKey: 'BWlkZW50aXR5',
      },
      _chains: {
        'BWZha2U=': {
          chainKey: { counter: 4, key: 'Y2hhaW4=' },
          chainType: 1,
          messageKeys: {},
        },
        BWZha2Uy: {
          chainKey: { counter: 9, key: undefined },
          chainType: 2,
          messageKeys: { 3: 'c2tpcHBlZA==', 7: 'c2tpcHBlZDI=' },
        },
      },
      pendingPreKey: { signedKeyId: 1, baseKey: 'BWZha2U=', preKeyId: 5 },
    },
    // Baileys takes the first open session, so that their order is data.
    B0001: { indexInfo: { closed: 1700000000000 } },
    A0002: { indexInfo: { closed: -1 } },
  },
  version: 'v1',
})

/** A sender key record is a buffer of JSON text, in which buffers have their array form. */
const senderKey = () =>
  Buffer.from(
    JSON.stringify([
      {
        senderKeyId: 1234567,
        senderChainKey: { iteration: 2, seed: Buffer.alloc(32, 1) },
        senderSigningKey: { public: Buffer.alloc(33, 5), private: Buffer.alloc(32, 6) },
        senderMessageKeys: [{ iteration: 0, seed: Buffer.alloc(32, 2) }],
      },
    ]),
  )

/**
 * @param {object} baileys the module
 * @returns {Record<string, Record<string, unknown>>} records by type and id
 */
function recordsOf({ proto, Curve }) {
  const group = '120363000000000000@g.us'
  return {
    'pre-key': { 1: Curve.generateKeyPair(), 16777215: Curve.generateKeyPair() },
    session: {
      '5511911111111.0': session(),
      '123456789012345_1.99': { _sessions: {}, version: 'v1' },
    },
    'sender-key': {
      [`${group}::5511911111111::0`]: senderKey(),
      'status@broadcast::123456789012345_1::3': Buffer.from('[]'),
      '5511911111111-1700000000@g.us::5511911111111::0': bufferView(40, 0x20),
    },
    'sender-key-memory': {
      [group]: { '5511911111111:3@s.whatsapp.net': true, '123456789012345:0@lid': true },
    },
    'app-state-sync-key': {
      'AAAA/w+=': proto.Message.AppStateSyncKeyData.create({
        keyData: view(32, 8),
        fingerprint: { rawId: 7, currentIndex: 0, deviceIndexes: [0] },
        timestamp: 1700000000000,
      }),
      'aaaa/w+=': decodedSyncKey(proto.Message),
    },
    'app-state-sync-version': {
      regular_high: {
        version: 5,
        hash: Buffer.alloc(128, 4),
        indexValueMap: {
          'aW5kZXg=': { valueMac: bufferView(32, 3) },
          'YW5vdGhlcg==': { valueMac: view(32, 2) },
        },
      },
      critical_block: { version: 0, hash: Buffer.alloc(128), indexValueMap: {} },
    },
    'lid-mapping': { 5511911111111: '123456789012345', '123456789012345_reverse': '5511911111111' },
    'device-list': { 5511911111111: ['0', '12'], 5511922222222: [] },
    tctoken: {
      '5511911111111@s.whatsapp.net': { token: bufferView(11, 7), timestamp: '1700000000' },
      '123456789012345@lid': { token: Buffer.alloc(0), senderTimestamp: 1700000000 },
      __index: { token: Buffer.from(JSON.stringify(['5511911111111@s.whatsapp.net'])) },
    },
    'identity-key': { '5511911111111.0': view(33, 5), '123456789012345_1.0': Buffer.alloc(33, 6) },
  }
}

/** What pairing adds to fresh credentials, with the class instance that the first save meets. */
function pairedFields({ proto }) {
  return {
    account: proto.ADVSignedDeviceIdentity.create({
      details: view(13, 1),
      accountSignatureKey: bufferView(32, 2),
      accountSignature: Buffer.alloc(64, 3),
      deviceSignature: view(64, 4),
    }),
    me: { id: '5511900000000:7@s.whatsapp.net', name: undefined, lid: '123456789012345:7@lid' },
    signalIdentities: [
      {
        identifier: { name: '5511900000000:7@s.whatsapp.net', deviceId: 0 },
        identifierKey: Buffer.alloc(33, 5),
      },
    ],
    platform: 'android',
    registered: true,
  }
}

module.exports = { recordTypes, recordsOf, pairedFields, view }
