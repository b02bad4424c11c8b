'use strict'

const { once, EventEmitter } = require('node:events')

/** What Baileys gets from WhatsApp when a phone has scanned the code. */
const PAIRING = {
  me: { id: '4917012345678:7@s.whatsapp.net', lid: '123456789:7@lid', name: '~' },
  account: {
    details: Buffer.from('details'),
    accountSignatureKey: Buffer.alloc(32, 1),
    accountSignature: Buffer.alloc(64, 2),
    deviceSignature: Buffer.alloc(64, 3),
  },
  signalIdentities: [
    {
      identifier: { name: '4917012345678', deviceId: 0 },
      identifierKey: Buffer.alloc(33, 5),
    },
  ],
  platform: 'android',
}

const silentLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
}

/** Makes sockets as `makeWASocket` does, with Baileys' own event buffer; the test plays WhatsApp behind them. */
class FakeWhatsApp {
  #baileys
  #made = new EventEmitter()
  sockets = []

  constructor(baileys) {
    this.#baileys = baileys
  }

  makeSocket = (config) => {
    const socket = new FakeSocket(config, this.#baileys.makeEventBuffer(silentLogger))
    this.sockets.push(socket)
    this.#made.emit('socket')
    return socket
  }

  /** The socket made as the `count`th, when it is. */
  async socket(count) {
    while (this.sockets.length < count) await once(this.#made, 'socket')
    return this.sockets[count - 1]
  }
}

class FakeSocket {
  ended = false

  constructor(config, ev) {
    this.creds = config.auth.creds
    this.keys = config.auth.keys
    this.ev = ev
    // Baileys' own listener, which comes before any of the application.
    ev.on('creds.update', (update) => Object.assign(this.creds, update))
  }

  showQr(qr) {
    this.ev.emit('connection.update', { connection: 'connecting', qr })
  }

  /** The phone has scanned the code: Baileys tells the new credentials, WhatsApp closes with 515, all at once. */
  pair() {
    this.ev.emit('creds.update', PAIRING)
    this.ev.emit('connection.update', { isNewLogin: true, qr: undefined })
    this.close(515)
  }

  open() {
    this.ev.emit('connection.update', { connection: 'open' })
  }

  close(statusCode) {
    return this.end(
      Object.assign(new Error(`closed with ${statusCode}`), { output: { statusCode } }),
    )
  }

  async end(error) {
    if (this.ended) return
    this.ended = true
    this.ev.emit('connection.update', {
      connection: 'close',
      lastDisconnect: { error, date: new Date() },
    })
    // Baileys goes on emitting `creds.update` after its socket has ended, so nothing else is taken off here.
    this.ev.removeAllListeners('connection.update')
  }
}

module.exports = { FakeWhatsApp, PAIRING, silentLogger }
