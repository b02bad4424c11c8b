import pg from 'pg'
import { prismaClientOf } from '../../example/prisma-client.js'

/** What `prisma generate` would make of the example's schema, as far as the example uses it. */
export class PrismaClient {
  #pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 })
  whatsAppAccount = prismaClientOf(this.#pool).whatsAppAccount

  $disconnect() {
    return this.#pool.end()
  }
}
