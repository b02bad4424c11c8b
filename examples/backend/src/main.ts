// Starts the service by itself. In a backend with an HTTP server its routes call `connectAccount` and its websockets
// pass `qr` on to the browser.

import { PrismaClient } from '@prisma/client'
import { pino } from 'pino'
import { WhatsAppService } from './whatsapp-service.js'

const logger = pino()
const prisma = new PrismaClient()
const service = new WhatsAppService({ prisma, logger })

service.on('qr', (accountId, qr) => logger.info({ accountId, qr }, 'scan this'))
service.on('connected', (accountId) => logger.info({ accountId }, 'connected'))
service.on('reconnecting', (accountId, delayMs) =>
  logger.warn({ accountId, delayMs }, 'reconnecting'),
)
service.on('disconnected', (accountId, reason, err) => {
  if (reason === 'failed') logger.error({ accountId, err }, 'account needs attention')
  else logger.info({ accountId, reason }, 'disconnected')
})
service.on('socket', (accountId, socket) => {
  socket.ev.on('messages.upsert', ({ messages }) =>
    logger.info({ accountId, count: messages.length }, 'messages'),
  )
})

async function shutDown(): Promise<void> {
  await service.shutdown()
  await prisma.$disconnect()
  process.exit()
}
process.once('SIGTERM', shutDown)
process.once('SIGINT', shutDown)

await service.restoreAccounts()
for (const accountId of process.argv.slice(2)) {
  // A refusal is logged above, as `disconnected`.
  await service.connectAccount(accountId).catch(() => undefined)
}
