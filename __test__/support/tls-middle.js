'use strict'

const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const tls = require('node:tls')

const HOST = '127.0.0.1'
/** How a client asks for TLS. */
const REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

const PLUS = 'SCRAM-SHA-256-PLUS\0'

/** A server's request for a login, of this kind. */
function request(kind, body = '') {
  const message = Buffer.alloc(9)
  message.write('R')
  message.writeInt32BE(8 + body.length, 1)
  message.writeInt32BE(kind, 5)
  return Buffer.concat([message, Buffer.from(body)])
}

/** What can be made of a server's request for a login by SCRAM. */
const REQUESTS = {
  /** By SCRAM, but not bound to the connection. */
  unbound: (asked) => request(10, asked.toString('latin1', 9).replace(PLUS, '')),
  /** By the password itself. */
  password: () => request(3),
}

/** The first bytes that come, such as the request for TLS or whatever else a client begins with. */
async function beginning(socket) {
  const [bytes] = await once(socket, 'data')
  socket.pause()
  return bytes
}

/** A connection to the server, with TLS if that is asked for. */
async function reach(target, withTls) {
  const socket = net.connect(target)
  await once(socket, 'connect')
  if (!withTls) return socket
  socket.write(REQUEST)
  await beginning(socket)
  const secure = tls.connect({ socket, rejectUnauthorized: false })
  await once(secure, 'secureConnect')
  return secure
}

/**
 * Somebody between client and server who says that there is no TLS, or has it with a certificate of their own, and hands on
 * what they can read. `seen` is what they have read of the client, `answers` that of it which answers a request for a login.
 *
 * @param {string} databaseUrl whose host and port are the server's
 * @param {{ cert: string, key: string }} [own] files
 * @param {(asked: Buffer) => Buffer} [ask] what the client is asked for as its login, for what the server asks
 */
async function startMiddle(databaseUrl, own, ask = (asked) => asked) {
  const { hostname, port } = new URL(databaseUrl)
  const seen = []
  const answers = []
  const sockets = new Set()
  const keep = (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    return socket
  }
  const handOn = async (client) => {
    const first = await beginning(client)
    seen.push(first)
    let [near, isTls] = [client, false]
    if (first.equals(REQUEST)) {
      client.write(own ? 'S' : 'N')
      isTls = own !== undefined
      if (own) {
        const context = { cert: fs.readFileSync(own.cert), key: fs.readFileSync(own.key) }
        near = keep(new tls.TLSSocket(client, { isServer: true, ...context }))
        await once(near, 'secure')
      }
    }
    const server = keep(await reach({ host: hostname, port: Number(port) }, isTls))
    if (!first.equals(REQUEST)) server.write(first)
    near.on('data', (bytes) => seen.push(bytes))
    near.pipe(server)
    near.write(ask(await beginning(server)))
    near.on('data', (bytes) => answers.push(bytes))
    server.pipe(near)
  }
  const listener = net.createServer((client) => {
    keep(client)
    // Whoever breaks off is gone.
    handOn(client).catch(() => client.destroy())
  })
  listener.listen(0, HOST)
  await once(listener, 'listening')
  return {
    /** The same connection string, by way of them. */
    url(url) {
      const byWay = new URL(url)
      byWay.host = `${HOST}:${listener.address().port}`
      return byWay.href
    },
    get seen() {
      return Buffer.concat(seen)
    },
    get answers() {
      return Buffer.concat(answers)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

module.exports = { REQUEST, REQUESTS, startMiddle }
