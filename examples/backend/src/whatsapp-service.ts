// The WhatsApp accounts of a backend: which are connected, what their rows say, and what the rest of the backend is told.

import { EventEmitter } from 'node:events'
import { jidDecode, makeWASocket, type UserFacingSocketConfig, type WASocket } from 'baileys'
import { clearDatabaseSession } from 'baileys-postgres-auth'
import { AccountConnection, type ConnectionConfig } from './account-connection.js'
import { AccountRows, type AccountRowsClient } from './account-rows.js'
import type { Logger } from './logger.js'
import type { StopReason } from './next-step.js'
import { DEFAULT_DELAYS, type ReconnectDelays } from './reconnect-delay.js'

export interface WhatsAppServiceEvents {
  /** A new socket of an account: the place to listen for its messages. */
  socket: [accountId: string, socket: WASocket]
  /** A QR code to show to the user; each replaces the one before. */
  qr: [accountId: string, qr: string]
  connected: [accountId: string, phoneNumber: string | null]
  /** The connection was lost; the next try is made after this time. */
  reconnecting: [accountId: string, delayMs: number]
  /** The connection has ended and is not tried again. With `failed` there is an error: worth an alert. */
  disconnected: [accountId: string, reason: StopReason, error: Error | undefined]
}

export interface WhatsAppServiceOptions {
  prisma: AccountRowsClient
  logger: Logger
  /** Default: `DATABASE_URL` and `WHATSAPP_SESSION_SECRET` from the environment. */
  storeOptions?: ConnectionConfig['storeOptions']
  /** Baileys' settings for every socket, say `getMessage` and `browser`. */
  socketConfig?: ConnectionConfig['socketConfig']
  delays?: ReconnectDelays
  /** Default: Baileys' own. */
  makeSocket?: (config: UserFacingSocketConfig) => WASocket
}

export class WhatsAppService extends EventEmitter<WhatsAppServiceEvents> {
  readonly #connections = new Map<string, AccountConnection>()
  readonly #rows: AccountRows
  readonly #config: ConnectionConfig
  #shuttingDown = false

  constructor(options: WhatsAppServiceOptions) {
    super()
    this.#rows = new AccountRows(options.prisma, options.logger)
    this.#config = {
      logger: options.logger,
      storeOptions: { logger: options.logger, ...options.storeOptions },
      makeSocket: options.makeSocket ?? makeWASocket,
      socketConfig: options.socketConfig ?? {},
      delays: options.delays ?? DEFAULT_DELAYS,
    }
  }

  /**
   * Connects an account, or pairs it: listen for `qr` first. Does nothing for an account that is connected already.
   * Rejects if the session cannot be opened and trying again would not help: `ERR_ACCOUNT_NOT_FOUND`,
   * `ERR_UNREADABLE`, …
   */
  async connectAccount(accountId: string): Promise<void> {
    const connection = await this.#connectionOf(accountId)
    const refusal = await connection.open()
    if (refusal) throw refusal
  }

  /** Closes the connection; the session stays, and `connectAccount` needs no QR code. */
  async disconnectAccount(accountId: string): Promise<void> {
    await this.#connections.get(accountId)?.stop('requested')
  }

  /** The socket to send with, while the account has one. */
  socket(accountId: string): WASocket | undefined {
    return this.#connections.get(accountId)?.socket
  }

  /** Connects the accounts that were connected when the service last ended, however it ended. */
  async restoreAccounts(): Promise<void> {
    for (const accountId of await this.#rows.resumed()) {
      // One after another: a database that has just come up is not met by all accounts at once.
      await this.connectAccount(accountId).catch((err) =>
        this.#config.logger.error({ accountId, err }, 'account not restored'),
      )
    }
  }

  /** Ends every connection so that `restoreAccounts` of the next start finds them. Resolves when all is durable. */
  async shutdown(): Promise<void> {
    this.#shuttingDown = true
    const connections = [...this.#connections.values()]
    await Promise.all(connections.map((connection) => connection.stop('shutdown')))
  }

  async #connectionOf(accountId: string): Promise<AccountConnection> {
    for (;;) {
      if (this.#shuttingDown) throw new Error('The service is shutting down')
      const present = this.#connections.get(accountId)
      if (present && !present.stopping) return present
      if (!present) break
      await present.stop('requested')
    }
    const connection = this.#makeConnection(accountId)
    this.#connections.set(accountId, connection)
    void this.#rows.update(accountId, { status: 'connecting' })
    return connection
  }

  #makeConnection(accountId: string): AccountConnection {
    const connection = new AccountConnection(accountId, this.#config, {
      socket: (socket) => this.emit('socket', accountId, socket),
      qr: (qr) => {
        void this.#rows.update(accountId, { status: 'qr' })
        this.emit('qr', accountId, qr)
      },
      connected: (jid) => {
        const phoneNumber = jidDecode(jid)?.user ?? null
        void this.#rows.update(accountId, { status: 'connected', phoneNumber })
        this.emit('connected', accountId, phoneNumber)
      },
      reconnecting: (delayMs) => {
        void this.#rows.update(accountId, { status: 'reconnecting' })
        this.emit('reconnecting', accountId, delayMs)
      },
      stopped: async (reason, error) => {
        await this.#handleStop(accountId, reason, connection.awaitingScan)
        this.#connections.delete(accountId)
        this.emit('disconnected', accountId, reason, error)
      },
    })
    return connection
  }

  async #handleStop(accountId: string, reason: StopReason, awaitingScan: boolean): Promise<void> {
    switch (reason) {
      case 'logged_out':
        return this.#handleLoggedOut(accountId)
      case 'taken_over':
        // The row tells of the other instance's connection now.
        return
      case 'failed':
        return this.#rows.update(accountId, { status: 'failed' })
      case 'shutdown':
        return this.#rows.update(accountId, {
          status: awaitingScan ? 'disconnected' : 'reconnecting',
        })
      default:
        return this.#rows.update(accountId, { status: 'disconnected' })
    }
  }

  /** WhatsApp has removed this device, so its keys are worthless: away with them. The next connect pairs anew. */
  async #handleLoggedOut(accountId: string): Promise<void> {
    try {
      await clearDatabaseSession(accountId, this.#config.storeOptions)
    } catch (err) {
      // The next connect is told the same by WhatsApp, and comes here again.
      this.#config.logger.error({ accountId, err }, 'session of a removed device not cleared')
    }
    await this.#rows.update(accountId, { status: 'logged_out', phoneNumber: null })
  }
}
