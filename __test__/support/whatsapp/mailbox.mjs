// What a device is to get and has not acknowledged yet. While it is away this is its offline queue; what it had got and
// not acknowledged when its connection broke comes again.

const keyOf = ({ class: kind, id, participant = '' }) => `${kind} ${id} ${participant}`

const sameAs = (receipt) => {
  const key = keyOf(receipt)
  return ({ tag, attrs }) => keyOf({ class: tag, ...attrs }) === key
}

const offline = ({ tag, attrs, content }, at) => ({
  tag,
  attrs: { ...attrs, offline: String(at) },
  content,
})

export class Mailbox {
  #pending = []
  /** How many of the first ones were sent as having waited, and are not acknowledged. */
  #waited = 0
  /** Keys of what was asked for again, and is about to be refused. */
  #expected = new Set()
  #device
  #emptied = []

  get size() {
    return this.#pending.length
  }

  /** For a message, a receipt or a notification. */
  post(stanza) {
    this.#pending.push(stanza)
    if (this.#waited === 0) this.#device?.send(stanza)
  }

  /**
   * The device is there: it gets what has waited, marked as such. What is posted meanwhile stays behind that, since
   * Baileys works on both at once where both are there, and a group's messages in the wrong order are lost on it.
   *
   * @param device `send(stanza)`, and `caughtUp()` for when it has acknowledged what has waited
   */
  open(device) {
    this.#device = device
    this.#waited = this.#pending.length
    for (const [at, stanza] of this.#pending.entries()) device.send(offline(stanza, at))
    if (this.#waited === 0) device.caughtUp()
  }

  close() {
    this.#device = undefined
    this.#waited = 0
    this.#expected.clear()
  }

  /** The device has got it: the oldest of this class and id, and, in a group, from or for this participant. */
  acknowledge(receipt) {
    const at = this.#pending.findIndex(sameAs(receipt))
    if (at < 0) return
    this.#pending.splice(at, 1)
    if (at < this.#waited && --this.#waited === 0) this.#goOn()
    if (this.#pending.length === 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  /**
   * The device has asked for it again, which acknowledges it. Baileys 7 refuses it as well, a moment later, when it may have
   * been sent again under the same id: that refusal is not of what was sent again.
   */
  expectRefusal(receipt) {
    this.#expected.add(keyOf(receipt))
  }

  /** The device has got it, and could not make anything of it. */
  refuse(ack) {
    if (!this.#expected.delete(keyOf(ack))) this.acknowledge(ack)
  }

  #goOn() {
    this.#device.caughtUp()
    for (const stanza of this.#pending) this.#device.send(stanza)
  }

  /** Resolves when everything was acknowledged. */
  async emptied() {
    if (this.#pending.length > 0) await new Promise((resolve) => this.#emptied.push(resolve))
  }
}
