// The rows of `whatsapp_accounts` as far as the service writes them: what state the connection of an account is in.
// The column `session_data` belongs to baileys-postgres-auth; nothing here reads or writes it.

import type { Logger } from './logger.js'

export type AccountStatus =
  | 'connecting'
  | 'qr'
  | 'connected'
  | 'reconnecting'
  | 'disconnected'
  | 'logged_out'
  | 'failed'

/** An account in one of these states had a connection, or was about to, when its service ended. */
const RESUMED: AccountStatus[] = ['connecting', 'connected', 'reconnecting']

export interface AccountRowUpdate {
  status: AccountStatus
  phoneNumber?: string | null
}

/** The calls of the generated Prisma client that are used; a `PrismaClient` of prisma/schema.prisma fits. */
export interface AccountRowsClient {
  whatsAppAccount: {
    updateMany(args: { where: { id: string }; data: AccountRowUpdate }): PromiseLike<unknown>
    findMany(args: {
      where: { status: { in: AccountStatus[] } }
      select: { id: true }
    }): PromiseLike<{ id: string }[]>
  }
}

export class AccountRows {
  readonly #client: AccountRowsClient
  readonly #logger: Logger
  /** The last update of each account that has any under way. */
  readonly #updates = new Map<string, Promise<void>>()

  constructor(client: AccountRowsClient, logger: Logger) {
    this.#client = client
    this.#logger = logger
  }

  /**
   * Updates a row after the updates called before it. A failure is logged and no more: a status that cannot be shown
   * is no reason to end a connection.
   */
  update(accountId: string, data: AccountRowUpdate): Promise<void> {
    const before = this.#updates.get(accountId) ?? Promise.resolve()
    const update = before.then(() => this.#write(accountId, data))
    this.#updates.set(accountId, update)
    return update.then(() => {
      if (this.#updates.get(accountId) === update) this.#updates.delete(accountId)
    })
  }

  async #write(accountId: string, data: AccountRowUpdate): Promise<void> {
    try {
      // Unlike `update`, `updateMany` does not read the whole row back, the sealed session included.
      await this.#client.whatsAppAccount.updateMany({ where: { id: accountId }, data })
    } catch (err) {
      this.#logger.error({ accountId, status: data.status, err }, 'status not recorded')
    }
  }

  /** The accounts whose connection is to be resumed when the service starts. */
  async resumed(): Promise<string[]> {
    const rows = await this.#client.whatsAppAccount.findMany({
      where: { status: { in: RESUMED } },
      select: { id: true },
    })
    return rows.map((row) => row.id)
  }
}
