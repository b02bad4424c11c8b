// The accounts: each a phone and the devices that were paired with it, addressed by phone number or by LID.

import { Curve, jidDecode, jidEncode, signedKeyPair } from 'baileys'
import { Mailbox } from './mailbox.mjs'

const PN = 's.whatsapp.net'
const LID = 'lid'

/** A companion device. `preKeys` are its one-time pre-keys, `{ id, value }`, in the order it uploaded them. */
class Device {
  mailbox = new Mailbox()
  preKeys = []
  /** Its connection, while it has one. */
  connection = undefined
  hasPinged = false

  constructor(account, id, { noiseKey, identity, registrationId, signedPreKey }) {
    Object.assign(this, { account, id, noiseKey, identity, registrationId, signedPreKey })
  }

  jid(server) {
    return this.account.jid(server, this.id)
  }

  takePreKey() {
    return this.preKeys.shift()
  }

  post(stanza) {
    this.mailbox.post(stanza)
  }
}

/** The primary device, which this server plays itself. It never runs out of pre-keys, and reads no messages. */
class Phone {
  id = 0
  registrationId = 1
  #preKeys = 0

  constructor(account) {
    this.account = account
    this.identity = account.identity.public
    const { keyId, keyPair, signature } = signedKeyPair(account.identity, 1)
    this.signedPreKey = { id: keyId, value: keyPair.public, signature }
  }

  jid(server) {
    return this.account.jid(server)
  }

  takePreKey() {
    return { id: ++this.#preKeys, value: Curve.generateKeyPair().public }
  }

  post() {}
}

class Account {
  identity = Curve.generateKeyPair()
  #devicesMade = 0

  constructor(number) {
    this.number = number
    this.lid = `9${number}`
    this.devices = new Map([[0, new Phone(this)]])
  }

  jid(server, device) {
    return jidEncode(server === LID ? this.lid : this.number, server, device)
  }

  /** The companion that was paired last. */
  get companion() {
    return [...this.devices.values()].filter((device) => device.id > 0).at(-1)
  }

  /** A number for the next companion; no number is given twice. */
  nextDeviceId() {
    return ++this.#devicesMade
  }

  addDevice(id, keys) {
    const device = new Device(this, id, keys)
    this.devices.set(id, device)
    return device
  }
}

export class Accounts {
  #byNumber = new Map()
  #byLid = new Map()

  /** The account of a phone number, made at its first mention. */
  ofNumber(number) {
    if (!this.#byNumber.has(number)) {
      const account = new Account(number)
      this.#byNumber.set(number, account)
      this.#byLid.set(account.lid, account)
    }
    return this.#byNumber.get(number)
  }

  /** The account that a jid names, if there is one. */
  find(jid) {
    const { user, server } = jidDecode(jid)
    return (server === LID ? this.#byLid : this.#byNumber).get(user)
  }

  /** The device that a jid names; without a number that is the phone. */
  findDevice(jid) {
    return this.find(jid)?.devices.get(jidDecode(jid).device ?? 0)
  }
}

/** How the users of a jid are addressed: by phone number or by LID. */
export const serverOf = (jid) => (jidDecode(jid).server === LID ? LID : PN)

/** The other of the two. */
export const otherServer = (server) => (server === LID ? PN : LID)

export { LID, PN }
