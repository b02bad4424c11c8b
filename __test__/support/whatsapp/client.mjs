// An application with one WhatsApp account, in a process of its own: run by `startChild`. It does what the README says,
// and tells what happens. Its environment says which Baileys it has, and where its session is.

import { pino } from 'pino'
import { serve } from '../child.js'
import { sessionsOf } from './sessions.mjs'
import { settingsFor } from './settings.mjs'

const { BAILEYS, WHATSAPP_URL, WHATSAPP_ROOT, ACCOUNT, FOLDER, KEEP_ALIVE_MS } = process.env

const baileys = await import(BAILEYS)
const { DisconnectReason, generateMessageIDV2, makeWASocket, WAMessageStubType } = baileys
const settings = settingsFor(baileys, { url: WHATSAPP_URL, root: WHATSAPP_ROOT })
const logger = pino({ level: 'silent' })
const sessions = sessionsOf(baileys, { account: ACCOUNT, folder: FOLDER, onSuperseded })

/** A test that would wait for a connection for ever is to fail. */
const MOST_FAILURES = 5

/**
 * What is sent, by its id and from before it is, for those who cannot read it: they may ask for it while Baileys still has
 * the keys to store that it has sealed it with. An application has that in its own database.
 */
const sent = new Map()
let socket
let isStopping = false
/** Connections in a row that did not open. */
let failures = 0

const tell = (event, details = {}) => process.send({ event, ...details })

// Most applications end with the first of these.
process.on('unhandledRejection', (error) => tell('unhandled', { message: String(error) }))

function onSuperseded() {
  tell('superseded')
  isStopping = true
  void socket.end(undefined)
}

/** A session that was opened ahead of the connection. */
let opened

async function connect() {
  opened ??= sessions.open()
  const { state, saveCreds } = await opened
  opened = undefined
  const made = makeWASocket({
    ...settings,
    auth: state,
    logger,
    ...(KEEP_ALIVE_MS && { keepAliveIntervalMs: Number(KEEP_ALIVE_MS) }),
    getMessage: async ({ id }) => {
      tell('asked', { id })
      return (await sent.get(id))?.message
    },
  })
  socket = made
  made.ev.on('creds.update', saveCreds)
  made.ev.on('messages.upsert', ({ messages }) => messages.forEach(received))
  made.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
    if (qr) tell('code', { code: qr })
    if (connection === 'open') {
      failures = 0
      tell('open', { jid: made.user.id })
    }
    if (connection === 'close') {
      closed(lastDisconnect?.error?.output?.statusCode).catch((error) => {
        process.stderr.write(`${error.stack}\n`)
        process.exit(1)
      })
    }
  })
}

function received({ key, message, messageStubType, messageStubParameters }) {
  const text = message?.conversation ?? message?.extendedTextMessage?.text
  if (messageStubType === WAMessageStubType.CIPHERTEXT) {
    tell('unreadable', { id: key.id, reason: messageStubParameters?.[0] })
  } else if (text && !key.fromMe) {
    tell('message', { id: key.id, chat: key.remoteJid, text })
  }
}

/** What every application does, one way or another, when its connection has ended. */
async function closed(reason) {
  tell('closed', { reason })
  if (reason === DisconnectReason.loggedOut) return sessions.clear().then(() => tell('cleared'))
  if (isStopping || reason === DisconnectReason.connectionReplaced) return
  if (reason !== DisconnectReason.restartRequired && ++failures === MOST_FAILURES) {
    throw new Error(`No connection, closed with ${reason}`)
  }
  await connect()
}

async function send(jid, text) {
  const id = generateMessageIDV2(socket.user.id)
  const sending = socket.sendMessage(jid, { text }, { messageId: id })
  sent.set(id, sending)
  await sending
  tell('sent', { id, text })
}

// Its connections would keep it alive when the test is gone.
process.once('disconnect', () => process.exit())

serve({
  async open() {
    opened = sessions.open()
    await opened
  },
  connect,
  send,
  /** One after the other, `<name> 1` to `<name> <count>`. */
  async burst(jid, name, count) {
    for (let n = 1; n <= count; n++) await send(jid, `${name} ${n}`)
  },
  /** Gives the group's jid. */
  createGroup: async (subject, members) => (await socket.groupCreate(subject, members)).id,
  /** Loses the keys of the conversation with a device. */
  async forgetSession(jid) {
    const { authState, signalRepository } = socket
    const address = await signalRepository.lidMapping.getLIDForPN(jid)
    const id = signalRepository.jidToSignalProtocolAddress(address)
    await authState.keys.set({ session: { [id]: null } })
  },
  logOut: () => socket.logout(),
  async stop() {
    isStopping = true
    await socket.end(undefined)
    await sessions.close()
  },
})
