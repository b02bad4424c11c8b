// A small stand-in for WhatsApp's server, in a process of its own: run by `startChild`. Enough of it for an unmodified
// `makeWASocket` of Baileys 6.7 and 7 to pair, log in, send and receive.

import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { serve } from '../child.js'
import { WhatsApp } from './whatsapp.mjs'

const whatsApp = new WhatsApp()
const listener = new WebSocketServer({ host: '127.0.0.1', port: 0 })
listener.on('connection', (socket) => whatsApp.accept(socket))
const listening = once(listener, 'listening')

// Its connections would keep it alive when the test is gone.
process.once('disconnect', () => process.exit())

serve({
  /** Where the clients connect, and whose certificates they are to trust. */
  async address() {
    await listening
    return {
      url: `ws://127.0.0.1:${listener.address().port}/ws/chat`,
      root: Buffer.from(whatsApp.root).toString('hex'),
    }
  },
  scan: (code, number) => whatsApp.scan(code, number),
  addressGroupsByNumber: () => whatsApp.addressGroupsByNumber(),
  removeDevice: (number) => whatsApp.removeDevice(number),
  leavePreKeys: (number, left) => whatsApp.leavePreKeys(number, left),
  preKeys: (number) => whatsApp.preKeys(number),
  hasPreKeys: (number, count) => whatsApp.hasPreKeys(number, count),
  hasPinged: (number) => whatsApp.hasPinged(number),
  hasEverything: (number) => whatsApp.hasEverything(number),
  figures: () => whatsApp.figures(),
})
