'use strict'

const { once } = require('node:events')
const net = require('node:net')

const HOST = '127.0.0.1'

/** One direction of a connection: hands chunks on in order, each after the delay, none while the proxy is paused. */
class Lane {
  held = false
  #proxy
  #to
  #delayOf
  #intercept
  #stopsAt
  #chunks = []
  #timer
  #ended = false

  /** `intercept` tells which chunks are not handed on, `stopsAt` those with which the lane is to be held. */
  constructor(proxy, from, to, delayOf, { intercept = () => false, stopsAt = () => false }) {
    this.#proxy = proxy
    this.#to = to
    this.#delayOf = delayOf
    this.#intercept = intercept
    this.#stopsAt = stopsAt
    from.on('data', (chunk) => this.#push(chunk))
    from.on('end', () => this.#push(null))
  }

  #push(chunk) {
    this.#chunks.push({ chunk, dueAt: Date.now() + this.#delayOf() })
    this.pump()
  }

  /** Hands on all that is due. */
  pump() {
    clearTimeout(this.#timer)
    while (this.#chunks.length > 0 && !this.#proxy.paused && !this.held && !this.#ended) {
      const { chunk, dueAt } = this.#chunks[0]
      const wait = dueAt - Date.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait)
        return
      }
      if (chunk !== null && this.#stopsAt(chunk)) return
      this.#chunks.shift()
      if (chunk === null) this.#to.end()
      else if (!this.#intercept(chunk)) this.#to.write(chunk)
    }
  }

  stop() {
    this.#ended = true
    clearTimeout(this.#timer)
  }
}

/** A client's connection and its counterpart to the server. */
class Link {
  #proxy
  #client
  #server
  #lanes
  /** The end of what the server has sent: a reply may come in several chunks. */
  #tail = ''
  /** The end of what the client has sent and what was not counted yet. */
  #request = ''

  constructor(proxy, client, server) {
    this.#proxy = proxy
    this.#client = client
    this.#server = server
    this.#lanes = [
      new Lane(proxy, client, server, () => proxy.toServerMs, {
        intercept: (chunk) => this.#count(chunk),
        stopsAt: (chunk) => this.#isToBeHeld(chunk),
      }),
      new Lane(proxy, server, client, () => proxy.toClientMs, {
        intercept: (chunk) => this.#isUnwanted(chunk),
      }),
    ]
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      // Whatever broke one side, the other one sees the connection go.
      socket.on('error', () => this.cut())
    }
    client.on('close', () => this.#sideClosed())
    server.on('close', () => this.#sideClosed())
  }

  pump() {
    for (const lane of this.#lanes) lane.pump()
  }

  /** Whether the client has closed it, and the server does not know yet. */
  get isAbandoned() {
    return this.#client.readableEnded
  }

  /** Whether the client has it open, as far as can be seen. */
  get isInUse() {
    return !this.#client.readableEnded && !this.#client.destroyed
  }

  /** Takes no bytes from either side any more, so that what they send stays with them; or takes them again. */
  stall(isStalled) {
    for (const socket of [this.#client, this.#server]) {
      if (isStalled) socket.pause()
      else socket.resume()
    }
  }

  /** Tells one side that the other has nothing more to send; what it still sends is lost. */
  halfClose({ toServer }) {
    const [server, client] = this.#lanes
    ;(toServer ? server : client).stop()
    ;(toServer ? this.#server : this.#client).end()
  }

  /** Holds back what comes from here on, one way or both ways, or lets it go. */
  hold({ toServer, toClient }) {
    const [server, client] = this.#lanes
    server.held = toServer
    client.held = toClient
    this.pump()
  }

  /** Breaks the connection on both sides; what is on its way is lost. */
  cut() {
    for (const lane of this.#lanes) lane.stop()
    for (const socket of [this.#client, this.#server]) socket.destroy()
    this.#proxy.forget(this)
  }

  #sideClosed() {
    if (this.#client.destroyed && this.#server.destroyed) this.#proxy.forget(this)
  }

  /** Counts the requests that hold the text looked for; every chunk goes on. */
  #count(chunk) {
    const { looksFor } = this.#proxy
    if (looksFor === undefined) return false
    const parts = (this.#request + chunk.toString('latin1')).split(looksFor)
    this.#proxy.requests += parts.length - 1
    this.#request = parts.at(-1).slice(-looksFor.length)
    return false
  }

  /** Whether the request is the one that is to be held, and holds the connection from here on. */
  #isToBeHeld(chunk) {
    const { heldRequest } = this.#proxy
    if (!heldRequest || !chunk.includes(heldRequest.text)) return false
    this.#proxy.heldRequest = undefined
    this.hold({ toServer: true, toClient: true })
    heldRequest.held()
    return true
  }

  #isUnwanted(chunk) {
    const { unwantedReply } = this.#proxy
    if (!unwantedReply) return false
    this.#tail = (this.#tail + chunk.toString('latin1')).slice(-65_536)
    if (!this.#tail.includes(unwantedReply.text)) return false
    this.#proxy.unwantedReply = undefined
    this.cut()
    unwantedReply.dropped()
    return true
  }
}

/** A TCP proxy in front of a server, which does to its connections what networks do. */
class TcpProxy {
  paused = false
  toServerMs = 0
  toClientMs = 0
  unwantedReply
  heldRequest
  /** Connections accepted so far. */
  accepted = 0
  /** Bytes that clients have sent so far. */
  bytesToServer = 0
  looksFor
  /** Requests with the text of `countRequests` so far. */
  requests = 0
  #target
  #listener
  #links = new Set()
  #refusing = false
  #stalled = false

  constructor(target) {
    this.#target = target
    this.#listener = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  }

  async listen() {
    this.#listener.listen(0, HOST)
    await once(this.#listener, 'listening')
    this.port = this.#listener.address().port
    this.host = HOST
  }

  /** Connections that are open. */
  get connections() {
    return this.#links.size
  }

  /** Connections that their client has closed, and the server does not know it yet. */
  get abandoned() {
    return [...this.#links].filter((link) => link.isAbandoned).length
  }

  /** Breaks every connection; new ones go to another server from now on. */
  lead(target) {
    this.#target = target
    this.cut()
  }

  /** The same connection string, by way of this proxy. */
  url(databaseUrl) {
    const url = new URL(databaseUrl)
    url.host = `${HOST}:${this.port}`
    return url.href
  }

  /** Holds every chunk back for so long, from now on. */
  delay({ toServerMs = 0, toClientMs = 0 }) {
    this.toServerMs = toServerMs
    this.toClientMs = toClientMs
  }

  /** Goes silent: connections stay open, new ones too are accepted, and nothing comes through. */
  pause() {
    this.paused = true
  }

  /** Ends the silence: what was held back is handed on. */
  resume() {
    this.paused = false
    for (const link of this.#links) link.pump()
  }

  /**
   * As `pause`, and takes no bytes either: who sends much finds that it does not go out. That a connection was closed is
   * not seen until `flow`.
   */
  stall() {
    this.#stalled = true
    for (const link of this.#links) link.stall(true)
  }

  /** Ends `stall`: what was held back is handed on. */
  flow() {
    this.#stalled = false
    for (const link of this.#links) link.stall(false)
  }

  /** Half-closes every connection, towards the server or towards the client. */
  halfClose({ toServer }) {
    for (const link of this.#links) link.halfClose({ toServer })
  }

  /** The connections that clients have open, each an object of its own. */
  get inUse() {
    return [...this.#links].filter((link) => link.isInUse)
  }

  /** Makes the connections that there are silent, one way or both; new ones come through. */
  hold({ toServer = true, toClient = true } = {}) {
    for (const link of this.#links) link.hold({ toServer, toClient })
  }

  /** Holds the connection on which the next request with this text comes by, from it on. Resolves when one has. */
  holdRequest(text) {
    return new Promise((held) => {
      this.heldRequest = { text, held }
    })
  }

  /** Hands on what `hold` or `holdRequest` has held back. */
  release() {
    for (const link of this.#links) link.hold({ toServer: false, toClient: false })
  }

  /** Counts requests with this text, such as a statement's, from now on. */
  countRequests(text) {
    this.looksFor = text
    this.requests = 0
  }

  /** Breaks every connection; what was held back is lost. */
  cut() {
    for (const link of this.#links) link.cut()
  }

  /** Breaks new connections at once, until `accept`. */
  refuse() {
    this.#refusing = true
  }

  accept() {
    this.#refusing = false
  }

  /**
   * Breaks the connection when the server's next reply with this text comes by, and keeps the reply: the server has done
   * what it was asked for, and the client cannot know. Resolves when that has happened.
   */
  dropReply(text) {
    return new Promise((dropped) => {
      this.unwantedReply = { text, dropped }
    })
  }

  /** Used by a link that is gone. */
  forget(link) {
    this.#links.delete(link)
  }

  async close() {
    this.cut()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #accept(client) {
    this.accepted++
    if (this.#refusing) {
      client.destroy()
      return
    }
    const server = net.connect({ ...this.#target, allowHalfOpen: true })
    client.on('data', ({ length }) => {
      this.bytesToServer += length
    })
    const link = new Link(this, client, server)
    this.#links.add(link)
    if (this.#stalled) link.stall(true)
  }
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * @param {string | { host: string, port: number }} target where to; of a connection string its host and port count
 */
async function startProxy(target) {
  const { hostname, port } = typeof target === 'string' ? new URL(target) : {}
  const proxy = new TcpProxy(hostname ? { host: hostname, port: Number(port) } : target)
  await proxy.listen()
  return proxy
}

module.exports = { startProxy }
