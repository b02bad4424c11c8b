'use strict'

/**
 * WhatsApp's server, as far as the demo needs one: it keeps the published pre-keys and hands each
 * out once, holds messages in transit until their receiver has confirmed them, and counts. The
 * messages that it sees are ciphertext; it also knows what each of them should read, to judge the
 * outcome.
 */

const IN_TRANSIT_AT_MOST = 4
const DELIVER_SHARE = 0.6

class Wire {
  direct = { sent: 0, read: 0 }
  group = { sent: 0, read: 0 }
  /** What `group.read` has to become: each message once for every other member. */
  groupCopies = 0
  outOfOrder = 0
  failures = []
  /** Steps that a killed process had committed, whose outcome its successor found. */
  foundDone = 0
  #process
  #uploads = new Map()
  #lastId = 0
  /** The newest confirmed step of each place: account → place → { id, args }. */
  #confirmed = new Map()

  constructor(process) {
    this.#process = process
  }

  publish(account, node) {
    const [registration, type, identity, list, skey] = node.content
    this.#uploads.set(account.id, {
      fixed: [registration, type, identity, skey],
      preKeys: [...list.content],
    })
  }

  publishedBy(account) {
    return this.#uploads.get(account.id).preKeys.length
  }

  /** The server's answer to who wants to write to an account for the first time. */
  #bundleOf(account) {
    const { fixed, preKeys } = this.#uploads.get(account.id)
    const user = { tag: 'user', attrs: { jid: account.jid }, content: [...fixed, preKeys.shift()] }
    return { tag: 'iq', attrs: {}, content: [{ tag: 'list', attrs: {}, content: [user] }] }
  }

  /** A first message in both directions, so that both sides have the session. */
  async introduce(from, to) {
    const bundle = this.#bundleOf(to)
    await this.#deliverDirect(await this.#sendDirect(from, to, bundle))
    await this.#deliverDirect(await this.#sendDirect(to, from))
  }

  /** `count` messages in one direction; some overtake others on the way. */
  async converse(from, to, count) {
    const transit = []
    for (let sent = 0; sent < count; sent++) {
      transit.push(await this.#sendDirect(from, to))
      while (
        transit.length >= IN_TRANSIT_AT_MOST ||
        (transit.length && Math.random() < DELIVER_SHARE)
      ) {
        const next = Math.floor(Math.random() * transit.length)
        if (next > 0) this.outOfOrder++
        await this.#deliverDirect(...transit.splice(next, 1))
      }
    }
    for (const message of transit) await this.#deliverDirect(message)
  }

  /**
   * `count` messages of one member to a group. They stay in order: Baileys 7 cannot read group
   * messages that overtake.
   */
  async tellGroup(from, group, count) {
    const others = group.members.filter((member) => member !== from)
    for (let sent = 0; sent < count; sent++) {
      const args = {
        group: group.jid,
        members: others.map(({ jid }) => jid),
        text: this.#text(from, group),
      }
      const stanza = await this.#step(from, 'sendToGroup', `out ${group.jid}`, args)
      this.group.sent++
      this.groupCopies += others.length
      const deliver = async (to) => {
        const enc = [...stanza.forMembers[to.jid], stanza.forAll]
        await this.#read(
          to,
          `in ${group.jid} ${from.jid}`,
          { from: from.jid, group: group.jid, enc },
          args.text,
        )
        this.group.read++
      }
      await Promise.all(others.map((to) => deliver(to).catch((error) => this.#fail(error))))
    }
  }

  async #sendDirect(from, to, bundle) {
    const text = this.#text(from, to)
    const enc = await this.#step(from, 'send', `out ${to.jid}`, { to: to.jid, text, bundle })
    this.direct.sent++
    return { from, to, enc, text }
  }

  async #deliverDirect({ from, to, enc, text }) {
    try {
      await this.#read(to, `in ${from.jid}`, { from: from.jid, enc }, text)
      this.direct.read++
    } catch (error) {
      this.#fail(error)
    }
  }

  async #read(to, place, args, expected) {
    const text = await this.#step(to, 'receive', place, args)
    if (text !== expected) throw new Error('A message was read as another text')
  }

  #fail(error) {
    this.failures.push(error.message)
  }

  #text(from, to) {
    return `Message of ${from.id} to ${to.id}, ${Math.random().toString(36).slice(2)}`
  }

  /** One step of an account: asked, answered, confirmed. A place has one step at a time. */
  async #step(account, method, place, args) {
    const id = ++this.#lastId
    const { result, before } = await this.#process.ask(account.id, method, { id, place, ...args })
    if (before) this.foundDone++
    if (!this.#confirmed.has(account.id)) this.#confirmed.set(account.id, new Map())
    this.#confirmed.get(account.id).set(place, { id, args })
    return result
  }

  /**
   * After a crash, before the traffic goes on: compares what the accounts have with what was
   * confirmed. Each place has to hold the newest confirmed step, or the one after it, which was
   * under way. And what was read before must be refused.
   */
  async audit(cutOff) {
    const underWay = new Set(cutOff.map(({ args }) => args.id))
    const audit = { steps: 0, lost: 0, replays: 0, accepted: 0 }
    for (const [accountId, confirmed] of this.#confirmed) {
      const places = [...confirmed.keys()]
      const found = await this.#process.askNow(accountId, 'receipts', { places })
      for (const [index, place] of places.entries()) {
        const { id, args } = confirmed.get(place)
        audit.steps++
        if (found[index] !== id && !underWay.has(found[index])) audit.lost++
        if (!args.from) continue
        audit.replays++
        if (!(await this.#process.askNow(accountId, 'replay', args))) audit.accepted++
      }
    }
    return audit
  }
}

module.exports = { Wire }
