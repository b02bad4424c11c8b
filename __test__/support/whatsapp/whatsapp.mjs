// The stand-in itself: who is connected, and which part of it gets what a client sends.

import { S_WHATSAPP_NET, unixTimestampSeconds } from 'baileys'
import { Accounts, LID, PN } from './accounts.mjs'
import { makeIdentity } from './certificate.mjs'
import { Connection } from './connection.mjs'
import { Groups } from './groups.mjs'
import { Messages } from './messages.mjs'
import { Pairing } from './pairing.mjs'
import { answer } from './queries.mjs'

const information = (tag, attrs) => ({
  tag: 'ib',
  attrs: { from: S_WHATSAPP_NET },
  content: [{ tag, attrs }],
})

export class WhatsApp {
  #identity = makeIdentity()
  #accounts = new Accounts()
  #groups = new Groups(this.#accounts)
  #messages = new Messages(this.#accounts, this.#groups)
  #pairing = new Pairing()
  /** Which device a connection has logged in as. */
  #devices = new Map()
  #waiting = []
  #refusedLogins = 0
  #logins = 0

  /** The public key of the root that the clients are to trust. */
  get root() {
    return this.#identity.root
  }

  /** A client has connected. */
  accept(socket) {
    new Connection(socket, this.#identity, {
      hello: (hello, connection) => this.#hello(hello, connection),
      node: (node, connection) => this.#node(node, connection),
      closed: (connection) => this.#closed(connection),
    })
  }

  /** The phone of this number scans a code; resolves with the jid of the new device. */
  async scan(code, number) {
    const device = await this.#pairing.scan(code, this.#accounts.ofNumber(number))
    return device.jid(PN)
  }

  /** Groups made from now on address their members by phone number. */
  addressGroupsByNumber() {
    this.#groups.addressing = PN
  }

  /** The phone removes the device that was paired last. */
  removeDevice(number) {
    this.#remove(this.#companion(number))
  }

  /** Leaves the device that was paired last so few pre-keys, as if others had taken the rest. */
  leavePreKeys(number, left) {
    const { preKeys } = this.#companion(number)
    preKeys.splice(0, preKeys.length - left)
  }

  preKeys(number) {
    return this.#companion(number).preKeys.length
  }

  /** Resolves when the device has at least so many pre-keys here. */
  hasPreKeys(number, count) {
    return this.#when(() => this.preKeys(number) >= count)
  }

  /** Resolves when the device has asked whether the server is still there. */
  hasPinged(number) {
    return this.#when(() => this.#companion(number).hasPinged)
  }

  /** Resolves when the device has acknowledged everything that was sent to it. */
  async hasEverything(number) {
    await this.#companion(number).mailbox.emptied()
  }

  /** What has happened since the start. */
  figures() {
    const { refused, retried } = this.#messages
    return { refused, retried, logins: this.#logins, refusedLogins: this.#refusedLogins }
  }

  /** Resolves when a condition is fulfilled, which can be after each node that comes in. */
  async #when(condition) {
    while (!condition()) await new Promise((resolve) => this.#waiting.push(resolve))
  }

  #companion(number) {
    return this.#accounts.ofNumber(number).companion
  }

  #hello({ noiseKey, payload }, connection) {
    if (payload.devicePairingData) {
      this.#pairing.offer(connection, { noiseKey, payload })
      return
    }
    const account = this.#accounts.ofNumber(String(payload.username))
    const device = account.devices.get(payload.device)
    if (!device || !noiseKey.equals(device.noiseKey)) {
      this.#refusedLogins++
      connection.end({ tag: 'failure', attrs: { reason: '401', location: 'here' } })
      return
    }
    this.#logIn(device, connection)
  }

  #logIn(device, connection) {
    // There is one connection for a device: the newer one.
    device.mailbox.close()
    device.connection?.end({
      tag: 'stream:error',
      attrs: {},
      content: [{ tag: 'conflict', attrs: { type: 'replaced' } }],
    })
    device.connection = connection
    this.#devices.set(connection, device)
    this.#logins++
    connection.send({
      tag: 'success',
      attrs: {
        t: String(unixTimestampSeconds()),
        lid: device.jid(LID),
        location: 'here',
        props: '1',
      },
    })
  }

  #node(node, connection) {
    const device = this.#devices.get(connection)
    // A device that was replaced may have been about to say something.
    if (!device || device.connection !== connection) return
    this.#handle(device, node)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #handle(device, node) {
    switch (node.tag) {
      case 'iq':
        return this.#query(device, node)
      case 'message':
        return this.#messages.message(device, node)
      case 'receipt':
        return this.#messages.receipt(device, node)
      case 'ack':
        return this.#messages.ack(device, node)
    }
  }

  #query(device, iq) {
    answer({
      device,
      iq,
      accounts: this.#accounts,
      groups: this.#groups,
      activate: () => this.#activate(device),
      remove: () => this.#remove(device),
    })
  }

  /** What has waited for the device goes out: first how much it is, and, when all of that was acknowledged, that it was all. */
  #activate(device) {
    const { connection, mailbox } = device
    const count = String(mailbox.size)
    connection.send(information('offline_preview', { count, message: count }))
    mailbox.open({
      send: (stanza) => connection.send(stanza),
      caughtUp: () => connection.send(information('offline', { count })),
    })
  }

  #remove(device) {
    device.account.devices.delete(device.id)
    device.mailbox.close()
    device.connection?.end({
      tag: 'stream:error',
      attrs: { code: '401' },
      content: [{ tag: 'conflict', attrs: { type: 'device_removed' } }],
    })
  }

  #closed(connection) {
    this.#pairing.forget(connection)
    const device = this.#devices.get(connection)
    this.#devices.delete(connection)
    if (device?.connection !== connection) return
    device.connection = undefined
    device.mailbox.close()
  }
}
