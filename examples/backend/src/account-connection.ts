// The connection of one account: opens its session, makes its socket, and makes the next one when that has closed,
// until something stops it for good. Knows nothing of the account's row or of other accounts.

import type { ConnectionState, UserFacingSocketConfig, WASocket } from 'baileys'
import {
  type DatabaseAuthState,
  type StoreOptions,
  useDatabaseAuthState,
} from 'baileys-postgres-auth'
import type { Logger } from './logger.js'
import { afterClose, afterStoreError, type NextStep, type StopReason } from './next-step.js'
import { type ReconnectDelays, reconnectDelayMs } from './reconnect-delay.js'

export interface ConnectionConfig {
  logger: Logger
  storeOptions: Omit<StoreOptions, 'onSuperseded'>
  makeSocket: (config: UserFacingSocketConfig) => WASocket
  socketConfig: Omit<UserFacingSocketConfig, 'auth' | 'logger'>
  delays: ReconnectDelays
}

export interface ConnectionHandlers {
  socket(socket: WASocket): void
  qr(qr: string): void
  connected(jid: string | undefined): void
  reconnecting(delayMs: number): void
  /** The last call. The connection counts as closed when this has resolved. */
  stopped(reason: StopReason, error?: Error): Promise<void>
}

export class AccountConnection {
  readonly #accountId: string
  readonly #config: ConnectionConfig
  readonly #handlers: ConnectionHandlers
  #opened: Promise<Error | undefined> | undefined
  #stopped: Promise<void> | undefined
  #session: Promise<DatabaseAuthState> | undefined
  #socket: WASocket | undefined
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #awaitingScan = false

  constructor(accountId: string, config: ConnectionConfig, handlers: ConnectionHandlers) {
    this.#accountId = accountId
    this.#config = config
    this.#handlers = handlers
  }

  get socket(): WASocket | undefined {
    return this.#socket
  }

  get stopping(): boolean {
    return this.#stopped !== undefined
  }

  /** Whether the account has no session yet, only a QR code. */
  get awaitingScan(): boolean {
    return this.#awaitingScan
  }

  /** Resolves when the first try is made; with the error, if there is to be no other. */
  open(): Promise<Error | undefined> {
    this.#opened ??= this.#connect()
    return this.#opened
  }

  /** Ends the socket, and releases the session when everything written so far is durable. */
  stop(reason: StopReason, error?: Error): Promise<void> {
    this.#stopped ??= this.#stop(reason, error)
    return this.#stopped
  }

  async #connect(): Promise<Error | undefined> {
    const { logger, makeSocket, socketConfig, storeOptions } = this.#config
    try {
      const opening = useDatabaseAuthState(this.#accountId, {
        ...storeOptions,
        // Baileys' key writes are refused unseen after a takeover; here the store tells of it.
        onSuperseded: () => {
          if (this.#session === opening) void this.stop('taken_over')
        },
      })
      this.#session = opening
      const session = await opening
      if (this.stopping) return undefined
      const socket = makeSocket({ ...socketConfig, logger, auth: session.state })
      this.#socket = socket
      socket.ev.on('creds.update', () => this.#save(socket, session))
      socket.ev.on('connection.update', (update) => this.#update(socket, session, update))
      this.#handlers.socket(socket)
      return undefined
    } catch (error) {
      const step = afterStoreError(error)
      await this.#proceed(step)
      return step.kind === 'stop' ? step.error : undefined
    }
  }

  /** Nobody waits for a save: Baileys emits and goes on. A refusal ends the connection; all else the next save mends. */
  #save(socket: WASocket, session: DatabaseAuthState): void {
    session.saveCreds().catch((err) => {
      // A socket that was replaced or ended may still have something to save, and is refused.
      if (this.#socket !== socket) return
      this.#config.logger.error({ accountId: this.#accountId, err }, 'credentials not saved')
      const step = afterStoreError(err)
      if (step.kind === 'stop') void this.stop(step.reason, step.error)
    })
  }

  #update(socket: WASocket, session: DatabaseAuthState, update: Partial<ConnectionState>): void {
    // A socket that was replaced or ended still tells that it closes.
    if (this.#socket !== socket) return
    if (update.qr) {
      this.#awaitingScan = true
      this.#failures = 0
      this.#handlers.qr(update.qr)
    }
    if (update.isNewLogin) this.#awaitingScan = false
    if (update.connection === 'open') {
      this.#awaitingScan = false
      this.#failures = 0
      this.#handlers.connected(session.state.creds.me?.id)
    }
    if (update.connection === 'close') {
      void this.#proceed(afterClose(update.lastDisconnect?.error, this.#awaitingScan))
    }
  }

  async #proceed(step: NextStep): Promise<void> {
    if (step.kind === 'stop') return this.stop(step.reason, step.error)
    // The next open would wait for this session's writes too, and then take it over; so it is never open twice.
    await this.#release()
    if (this.stopping) return
    // WhatsApp asks for a restart after each pairing; only when it does so again and again there is something wrong.
    const atOnce = step.kind === 'restart' && this.#failures === 0
    const delayMs = atOnce ? 0 : reconnectDelayMs(this.#failures, this.#config.delays)
    this.#failures += 1
    this.#retry = setTimeout(() => void this.#connect(), delayMs)
    this.#handlers.reconnecting(delayMs)
  }

  async #stop(reason: StopReason, error?: Error): Promise<void> {
    clearTimeout(this.#retry)
    await this.#release()
    await this.#handlers.stopped(reason, error)
  }

  async #release(): Promise<void> {
    const socket = this.#socket
    const session = this.#session
    this.#socket = undefined
    this.#session = undefined
    // The socket first: it writes once more while it closes.
    await this.#quietly('socket not ended', async () => socket?.end(undefined))
    await this.#quietly('session not released', async () => (await session)?.close())
  }

  /** What fails here has been told already, to who opened the session or called the write, and there is no way back. */
  async #quietly(message: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (err) {
      this.#config.logger.warn({ accountId: this.#accountId, err }, message)
    }
  }
}
