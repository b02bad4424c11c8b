// What a device is to get and has not acknowledged yet. While it is away, or before it has said that it is active,
// this is its offline queue; what it had got and not acknowledged when its connection broke comes again.

const keyOf = ({ class: kind, id, participant = '' }) => `${kind} ${id} ${participant}`

export class Mailbox {
  #pending = []
  #send
  #emptied = []

  get size() {
    return this.#pending.length
  }

  /** For a message, a receipt or a notification. */
  post(stanza) {
    this.#pending.push(stanza)
    this.#send?.(stanza)
  }

  /** From now on the device gets what is posted; and first, marked as such, what has waited. */
  open(send) {
    this.#send = send
    for (const [at, { tag, attrs, content }] of this.#pending.entries()) {
      send({ tag, attrs: { ...attrs, offline: String(at) }, content })
    }
  }

  close() {
    this.#send = undefined
  }

  /** The device has got it: the oldest of this class and id, and, in a group, from or for this participant. */
  acknowledge(receipt) {
    const key = keyOf(receipt)
    const at = this.#pending.findIndex(({ tag, attrs }) => keyOf({ class: tag, ...attrs }) === key)
    if (at >= 0) this.#pending.splice(at, 1)
    if (this.#pending.length === 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  /** Resolves when everything was acknowledged. */
  async emptied() {
    if (this.#pending.length > 0) await new Promise((resolve) => this.#emptied.push(resolve))
  }
}
