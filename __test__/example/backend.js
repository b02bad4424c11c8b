'use strict'

const { once } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const { FakeWhatsApp, silentLogger } = require('./fake-whatsapp')
const { loadExample } = require('./load-example')
const { prismaClientOf } = require('./prisma-client')

const ACCOUNT = 'support-desk'

/** Short, so that no test waits. */
const DELAYS = { firstMs: 2, longestMs: 20 }

/**
 * One instance of the example backend: its service, and the WhatsApp behind its sockets.
 *
 * @param db what its Prisma client queries, by `query(sql, params)`
 * @param {string} databaseUrl what the store connects to
 * @param storeOptions further options of the store
 */
async function startBackend(db, databaseUrl, storeOptions = {}) {
  const { WhatsAppService } = await loadExample('./whatsapp-service.js')
  const baileys = await import('baileys')
  const whatsApp = new FakeWhatsApp(baileys)
  const service = new WhatsAppService({
    prisma: prismaClientOf(db),
    logger: silentLogger,
    storeOptions: {
      databaseUrl,
      secret: 'an-example-secret-of-good-length',
      baileys,
      ...storeOptions,
    },
    makeSocket: whatsApp.makeSocket,
    delays: DELAYS,
  })
  return { service, whatsApp }
}

/** Connects, pairs and opens: the way of every new account. Gives the socket that is open at the end. */
async function connectNew({ service, whatsApp }) {
  const connected = once(service, 'connected')
  await service.connectAccount(ACCOUNT)
  const pairing = await whatsApp.socket(1)
  pairing.showQr('a-code')
  pairing.pair()
  const socket = await whatsApp.socket(2)
  socket.open()
  await connected
  return socket
}

/** Asks the database again and again, until it answers with a row. */
async function firstRow(db, sql, params) {
  for (;;) {
    const { rows } = await db.query(sql, params)
    if (rows.length > 0) return rows[0]
    await setTimeout(5)
  }
}

/** The account's row, as soon as it has this status. */
function rowWithStatus(db, status) {
  return firstRow(db, 'SELECT * FROM whatsapp_accounts WHERE id = $1 AND status = $2', [
    ACCOUNT,
    status,
  ])
}

module.exports = { ACCOUNT, DELAYS, connectNew, firstRow, rowWithStatus, startBackend }
