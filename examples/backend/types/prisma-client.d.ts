// Stands in for the client that `prisma generate` writes, which needs a download. It declares what src/main.ts uses.

import type { AccountRowsClient } from '../src/account-rows.js'

export declare class PrismaClient implements AccountRowsClient {
  whatsAppAccount: AccountRowsClient['whatsAppAccount']
  $disconnect(): Promise<void>
}
