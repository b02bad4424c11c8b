'use strict'

const { once } = require('node:events')
const net = require('node:net')
const { expectRefused, makeStore } = require('./stores')

// A host that lets a client log in, and then says nothing.

/** A server's message of this type, with numbers or one byte in it. */
function message(type, body) {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

const LOGGED_IN = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('K', Buffer.alloc(8, 1)),
  message('Z', Buffer.from('I')),
])

test('makes an open fail in time, and no connection to it stays', async () => {
  const sockets = []
  const listener = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.write(LOGGED_IN)).resume()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  try {
    const databaseUrl = `postgresql://me@127.0.0.1:${listener.address().port}/nowhere?sslmode=disable`
    const store = makeStore(databaseUrl, {
      writeTimeoutMs: 1_000,
      pool: { connectTimeoutMs: 300 },
    })
    await expectRefused(store.useAuthState('a'), 'ERR_DB_UNAVAILABLE', 'ERR_DB_TIMEOUT')
    expect(sockets.length).toBeGreaterThan(0)
    const open = sockets.filter((socket) => !socket.closed)
    await Promise.all(open.map((socket) => once(socket, 'close')))
  } finally {
    for (const socket of sockets) socket.destroy()
    listener.close()
  }
})
