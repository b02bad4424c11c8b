// The key bundles of the devices: what a client uploads, and what another takes to write to it first.

import { randomUUID } from 'node:crypto'
import {
  encodeBigEndian,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildren,
  getBinaryNodeChildUInt,
  KEY_BUNDLE_TYPE,
  S_WHATSAPP_NET,
} from 'baileys'

const ID_BYTES = 3
const REGISTRATION_BYTES = 4
/** A device with fewer than this is told. */
const LOW = 5

const keyOf = (node) => ({
  id: getBinaryNodeChildUInt(node, 'id', ID_BYTES),
  value: getBinaryNodeChildBuffer(node, 'value'),
})

const signedKeyOf = (node) => ({
  ...keyOf(node),
  signature: getBinaryNodeChildBuffer(node, 'signature'),
})

const leaf = (tag, content) => ({ tag, attrs: {}, content })

const keyNode = (tag, { id, value, signature }) =>
  leaf(tag, [
    leaf('id', encodeBigEndian(id, ID_BYTES)),
    leaf('value', value),
    ...(signature ? [leaf('signature', signature)] : []),
  ])

/** The keys a client registers with when it asks to be paired. */
export const registeredKeys = ({ eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig }) => ({
  registrationId: Buffer.from(eRegid).readUInt32BE(),
  identity: eIdent,
  signedPreKey: {
    id: Buffer.from(eSkeyId).readUIntBE(0, ID_BYTES),
    value: eSkeyVal,
    signature: eSkeySig,
  },
})

/** Takes uploaded keys. */
export function upload(device, iq) {
  const list = getBinaryNodeChild(iq, 'list')
  const signedPreKey = getBinaryNodeChild(iq, 'skey')
  device.registrationId = getBinaryNodeChildUInt(iq, 'registration', REGISTRATION_BYTES)
  device.identity = getBinaryNodeChildBuffer(iq, 'identity')
  device.signedPreKey = signedKeyOf(signedPreKey)
  device.preKeys.push(...getBinaryNodeChildren(list, 'key').map(keyOf))
}

export function rotate(device, iq) {
  device.signedPreKey = signedKeyOf(getBinaryNodeChild(getBinaryNodeChild(iq, 'rotate'), 'skey'))
}

/** A device that runs out of keys is told how many are left; a phone never is. */
function tellIfLow(device) {
  if (device.id === 0 || device.preKeys.length >= LOW) return
  device.post({
    tag: 'notification',
    attrs: { id: randomUUID(), from: S_WHATSAPP_NET, type: 'encrypt', t: '1' },
    content: [{ tag: 'count', attrs: { value: String(device.preKeys.length) } }],
  })
}

function bundle(device, jid) {
  const preKey = device.takePreKey()
  tellIfLow(device)
  return {
    tag: 'user',
    attrs: { jid },
    content: [
      leaf('registration', encodeBigEndian(device.registrationId, REGISTRATION_BYTES)),
      leaf('type', KEY_BUNDLE_TYPE),
      leaf('identity', device.identity),
      keyNode('skey', device.signedPreKey),
      ...(preKey ? [keyNode('key', preKey)] : []),
    ],
  }
}

/** The bundles that a client asks for; each takes a pre-key that nobody gets again. */
export function bundles(accounts, iq) {
  const users = getBinaryNodeChildren(getBinaryNodeChild(iq, 'key'), 'user')
  const found = users
    .map(({ attrs: { jid } }) => [accounts.findDevice(jid), jid])
    .filter(([device]) => device !== undefined)
  return [{ tag: 'list', attrs: {}, content: found.map(([device, jid]) => bundle(device, jid)) }]
}
