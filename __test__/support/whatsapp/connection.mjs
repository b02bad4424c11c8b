// One client's connection: frames out of the WebSocket's bytes, the handshake, and then nodes both ways.

import { setTimeout as delay } from 'node:timers/promises'
import { decodeBinaryNode, encodeBinaryNode, NOISE_WA_HEADER, S_WHATSAPP_NET } from 'baileys'
import { Handshake } from './noise.mjs'

const LENGTH_BYTES = 3
/** A client that was once told its region begins with it: `ED`, two bytes, and a text of this kind of length. */
const ROUTING = { mark: 'ED', lengthAt: 4, textAt: 7 }

/**
 * The way of the first node to the client. Baileys 6.7 derives the keys of the stream while it already listens, and takes
 * what comes before it has them for plaintext: a race that WhatsApp, some tens of ms away, always wins, and loopback does not.
 */
const FIRST_NODE_MS = 50

const withLength = (frame) => {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUIntBE(frame.length, 0, LENGTH_BYTES)
  return Buffer.concat([length, frame])
}

/** Where the frames begin in a client's first bytes. */
function introLength(bytes) {
  let at = 0
  if (bytes.subarray(0, 2).toString() === ROUTING.mark) {
    at = ROUTING.textAt + bytes.readUIntBE(ROUTING.lengthAt, LENGTH_BYTES)
  }
  if (!bytes.subarray(at, at + NOISE_WA_HEADER.length).equals(NOISE_WA_HEADER)) {
    throw new Error('Not a client of WhatsApp')
  }
  return at + NOISE_WA_HEADER.length
}

export class Connection {
  #socket
  #handshake
  #handlers
  #bytes = Buffer.alloc(0)
  #frames = 0
  #stream
  #queries = 0
  /** Answers to this server's own queries, by id. */
  #awaited = new Map()
  /** Nodes are inflated asynchronously, and yet handled one after the other. */
  #handled = Promise.resolve()

  /**
   * @param socket of `ws`
   * @param identity as `makeIdentity` gives it
   * @param handlers `hello({ noiseKey, payload }, connection)`, `node(node, connection)`, `closed(connection)`
   */
  constructor(socket, identity, handlers) {
    this.#socket = socket
    this.#handshake = new Handshake(identity)
    this.#handlers = handlers
    socket.on('message', (data) => this.#guarded(() => this.#receive(data)))
    socket.on('error', () => {})
    socket.on('close', () => handlers.closed(this))
  }

  send(node) {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(withLength(this.#stream.sent.encrypt(encodeBinaryNode(node))))
  }

  /** Asks the client something; resolves with its answer. */
  query(content) {
    const id = `server-${++this.#queries}`
    this.send({
      tag: 'iq',
      attrs: { from: S_WHATSAPP_NET, type: 'set', id, xmlns: 'md' },
      content,
    })
    return new Promise((resolve) => this.#awaited.set(id, resolve))
  }

  /** The last node, and the end. */
  end(node) {
    this.send(node)
    this.#socket.close()
  }

  #guarded(work) {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error) {
    process.stderr.write(`the stand-in for WhatsApp: ${error.stack}\n`)
    this.#socket.terminate()
  }

  #receive(data) {
    this.#bytes = Buffer.concat([this.#bytes, data])
    if (this.#frames === 0) this.#bytes = this.#bytes.subarray(introLength(this.#bytes))
    while (this.#bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#bytes.readUIntBE(0, LENGTH_BYTES)
      if (this.#bytes.length < end) return
      const frame = this.#bytes.subarray(LENGTH_BYTES, end)
      this.#bytes = this.#bytes.subarray(end)
      this.#take(frame, this.#frames++)
    }
  }

  #take(frame, index) {
    if (index === 0) return this.#socket.send(withLength(this.#handshake.hello(frame)))
    if (index === 1) {
      this.#stream = this.#handshake.finish(frame)
      this.#handled = delay(FIRST_NODE_MS).then(() => this.#handlers.hello(this.#stream, this))
      return
    }
    const plaintext = this.#stream.received.decrypt(frame)
    this.#handled = this.#handled
      .then(() => decodeBinaryNode(plaintext))
      .then((node) => this.#dispatch(node))
      .catch((error) => this.#fail(error))
  }

  #dispatch(node) {
    const answered = node.tag === 'iq' && this.#awaited.get(node.attrs.id)
    if (!answered) return this.#handlers.node(node, this)
    this.#awaited.delete(node.attrs.id)
    answered(node)
  }
}
