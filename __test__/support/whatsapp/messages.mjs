// Messages, receipts and acknowledgements: who gets what a device sends. The server reads none of it.

import {
  getBinaryNodeChild,
  getBinaryNodeChildren,
  isJidGroup,
  unixTimestampSeconds,
} from 'baileys'
import { LID, otherServer, serverOf } from './accounts.mjs'

const now = () => String(unixTimestampSeconds())

/** `sender_lid` where the sender is named by phone number, and so on: a client learns from it who is who. */
const otherName = (role, account, server) => ({
  [`${role}_${server === LID ? 'pn' : 'lid'}`]: account.jid(otherServer(server)),
})

export class Messages {
  #accounts
  #groups
  /** Messages that a device could not decrypt: those it refused, and those it asked for again. */
  refused = 0
  retried = 0

  constructor(accounts, groups) {
    this.#accounts = accounts
    this.#groups = groups
  }

  /** A device sends a message: sealed for each device that is to get it, or resent to one. */
  message(sender, { attrs, content }) {
    const { id, to, participant } = attrs
    sender.connection.send({
      tag: 'ack',
      attrs: { class: 'message', id, from: to, t: now(), ...(participant && { participant }) },
    })
    const identity = content.find(({ tag }) => tag === 'device-identity')
    const common = content.filter(({ tag }) => tag === 'enc')
    for (const [device, named, sealed] of this.#recipients(sender, attrs, content)) {
      // The identity is for those who get a message that begins a session.
      const begins = [...sealed, ...common].some((enc) => enc.attrs.type === 'pkmsg')
      device.post({
        tag: 'message',
        attrs: this.#envelope(sender, device, attrs, named),
        content: [...sealed, ...common, ...(begins && identity ? [identity] : [])],
      })
    }
  }

  /** Each device that gets it, the jid it is named by, and what is sealed for it alone. */
  #recipients(sender, { to, participant }, content) {
    const addressed = getBinaryNodeChildren(
      content.find(({ tag }) => tag === 'participants'),
      'to',
    ).map(({ attrs: { jid }, content }) => [this.#accounts.findDevice(jid), jid, content])
    const present = addressed.filter(([device]) => device !== undefined)
    if (!isJidGroup(to)) {
      return addressed.length > 0 ? present : [[this.#device(to), to, []]]
    }
    if (participant) return [[this.#device(participant), participant, []]]
    // In a group everybody gets the message, and those the sender's key who have not had it yet.
    const sealedFor = new Map(present.map(([device, , sealed]) => [device, sealed]))
    const server = this.#groups.addressingOf(to)
    return this.#groups
      .devices(to)
      .filter((device) => device !== sender)
      .map((device) => [device, device.jid(server), sealedFor.get(device) ?? []])
  }

  #device(jid) {
    const device = this.#accounts.findDevice(jid)
    if (!device) throw new Error('A message to a device that there is not')
    return device
  }

  #envelope(sender, recipient, { id, type, to, recipient: chat, category }, named) {
    const server = serverOf(named)
    const common = { id, type, t: now(), ...(category && { category }) }
    if (isJidGroup(to)) {
      return {
        ...common,
        from: to,
        participant: sender.jid(server),
        addressing_mode: server === LID ? 'lid' : 'pn',
        ...otherName('participant', sender.account, server),
      }
    }
    return {
      ...common,
      from: sender.jid(server),
      // One's own other devices are told whose chat it belongs to.
      ...(recipient.account === sender.account && { recipient: chat ?? to }),
      ...otherName('sender', sender.account, server),
    }
  }

  /** A device has got, read or not been able to read messages. */
  receipt(device, { attrs, content }) {
    const { id, to, participant, type, recipient } = attrs
    const others = getBinaryNodeChildren(getBinaryNodeChild({ content }, 'list'), 'item')
    for (const each of [id, ...others.map((item) => item.attrs.id)]) {
      device.mailbox.acknowledge({ class: 'message', id: each, participant })
    }
    if (type === 'retry') {
      this.retried++
      device.mailbox.expectRefusal({ class: 'message', id, participant })
    }
    device.connection.send({
      tag: 'ack',
      attrs: { class: 'receipt', id, from: to, ...(type && { type }), t: now() },
    })
    const isGroup = isJidGroup(to)
    const author = this.#accounts.findDevice(isGroup ? participant : to)
    // What a device tells its own account's others is of no interest to the tests.
    if (!author || author.account === device.account || recipient) return
    const server = serverOf(isGroup ? participant : to)
    author.post({
      tag: 'receipt',
      attrs: {
        id,
        t: now(),
        ...(type && { type }),
        ...(isGroup ? { from: to, participant: device.jid(server) } : { from: device.jid(server) }),
      },
      content,
    })
  }

  /** A device has got something; with an error, and could not make anything of it. */
  ack(device, { attrs }) {
    if (!attrs.error) return device.mailbox.acknowledge(attrs)
    if (attrs.class === 'message') this.refused++
    device.mailbox.refuse(attrs)
  }
}
