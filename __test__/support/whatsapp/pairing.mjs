// Pairing by QR code. The server's part is to show references and to pass things on; the phone's part, which is
// played here too, is to read the code and to vouch for the device.

import { randomBytes } from 'node:crypto'
import {
  Curve,
  getBinaryNodeChild,
  hmacSign,
  proto,
  unixTimestampSeconds,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_ADV_DEVICE_SIG_PREFIX,
} from 'baileys'
import { LID, PN } from './accounts.mjs'
import { registeredKeys } from './prekeys.mjs'

/** As many codes as WhatsApp lets a client show. */
const REFERENCES = 6

/** Baileys 7 puts a link before it, and the platform behind. */
function readCode(code) {
  const [reference, noiseKey, identity, advSecret] = code.split('#').at(-1).split(',')
  const bytes = (text) => Buffer.from(text, 'base64')
  return {
    reference,
    noiseKey: bytes(noiseKey),
    identity: bytes(identity),
    advSecret: bytes(advSecret),
  }
}

export class Pairing {
  /** Who waits to be paired, by the references of its codes. */
  #waiting = new Map()

  /** A client that has no account asks to be paired. */
  async offer(connection, { noiseKey, payload }) {
    const references = Array.from({ length: REFERENCES }, () => randomBytes(16).toString('base64'))
    const client = { connection, keys: { noiseKey, ...registeredKeys(payload.devicePairingData) } }
    for (const reference of references) this.#waiting.set(reference, client)
    await connection.query([
      {
        tag: 'pair-device',
        attrs: {},
        content: references.map((reference) => ({
          tag: 'ref',
          attrs: {},
          content: Buffer.from(reference),
        })),
      },
    ])
  }

  forget(connection) {
    for (const [reference, client] of this.#waiting) {
      if (client.connection === connection) this.#waiting.delete(reference)
    }
  }

  /** The phone of an account scans a code. Gives the device, when the client has proved to be what the code said. */
  async scan(code, account) {
    const { reference, noiseKey, identity, advSecret } = readCode(code)
    const client = this.#waiting.get(reference)
    if (!client) throw new Error('This code is not shown any more')
    const { connection, keys } = client
    if (!noiseKey.equals(keys.noiseKey) || !identity.equals(keys.identity)) {
      throw new Error('The code is of another device than the one that shows it')
    }
    this.forget(connection)

    const id = account.nextDeviceId()
    const signed = vouch(account, keys.identity, id)
    const details = proto.ADVSignedDeviceIdentity.encode(signed).finish()
    const answer = await connection.query([
      {
        tag: 'pair-success',
        attrs: {},
        content: [
          {
            tag: 'device-identity',
            attrs: {},
            content: proto.ADVSignedDeviceIdentityHMAC.encode({
              details,
              hmac: hmacSign(details, advSecret),
            }).finish(),
          },
          { tag: 'device', attrs: { jid: account.jid(PN, id), lid: account.jid(LID, id) } },
          { tag: 'platform', attrs: { name: 'android' } },
        ],
      },
    ])
    verify(answer, signed, keys.identity)
    const device = account.addDevice(id, keys)
    // WhatsApp has a new device connect again, from now on with its account.
    connection.end({ tag: 'stream:error', attrs: { code: '515' } })
    return device
  }
}

/** The account's signature under a device's identity. */
function vouch(account, identity, keyIndex) {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: 1,
    timestamp: unixTimestampSeconds(),
    keyIndex,
  }).finish()
  return {
    details,
    accountSignatureKey: account.identity.public,
    accountSignature: Curve.sign(
      account.identity.private,
      Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]),
    ),
  }
}

/** Whether the device has signed in its turn. */
function verify(answer, { details, accountSignatureKey }, identity) {
  const signed = getBinaryNodeChild(
    getBinaryNodeChild(answer, 'pair-device-sign'),
    'device-identity',
  )
  const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(signed.content)
  const message = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, identity, accountSignatureKey])
  if (!Curve.verify(identity, message, deviceSignature)) {
    throw new Error('The device has not signed its identity')
  }
}
