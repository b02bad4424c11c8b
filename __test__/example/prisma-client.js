'use strict'

const COLUMNS = { status: 'status', phoneNumber: 'phone_number' }

/** The calls of a generated Prisma client that the example makes, with the SQL that Prisma makes of them. */
function prismaClientOf(db) {
  return {
    whatsAppAccount: {
      async updateMany({ where, data }) {
        const values = Object.entries(data).filter(([, value]) => value !== undefined)
        const assignments = values.map(([field], at) => `${COLUMNS[field]} = $${at + 2}`)
        const { rowCount } = await db.query(
          `UPDATE whatsapp_accounts
           SET ${assignments.join(', ')}, updated_at = now() AT TIME ZONE 'UTC' WHERE id = $1`,
          [where.id, ...values.map(([, value]) => value)],
        )
        return { count: rowCount }
      },
      async findMany({ where }) {
        const { rows } = await db.query(
          'SELECT id FROM whatsapp_accounts WHERE status = ANY($1) ORDER BY id',
          [where.status.in],
        )
        return rows
      },
    },
  }
}

module.exports = { prismaClientOf }
