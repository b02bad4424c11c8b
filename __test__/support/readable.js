'use strict'

/** Looks for secrets in what is stored, in every form in which they could stand there. */

/** Shorter secrets are not found: they would be by chance. */
const PROBE = 12

/**
 * The bytes raw, in hex and in base64: that has three forms, by where in a longer text the bytes
 * begin.
 */
function forms(bytes) {
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    const whole = Math.floor((shifted.length * 8) / 6)
    return shifted.toString('base64').slice(Math.ceil((offset * 8) / 6), whole)
  })
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [bytes.toString('latin1'), hex, hex.toUpperCase(), ...base64, ...base64url]
}

/**
 * Which of the secrets (Buffers) can be read: their indices. One pass, whatever their number.
 *
 * @param {Buffer[]} secrets
 * @param {Buffer} stored
 */
function findReadable(secrets, stored) {
  const byProbe = new Map()
  for (const [index, secret] of secrets.entries()) {
    for (const form of new Set(forms(secret))) {
      const probe = form.slice(0, PROBE)
      byProbe.set(probe, [...(byProbe.get(probe) ?? []), { form, index }])
    }
  }
  const haystack = stored.toString('latin1')
  const readable = new Set()
  for (let at = 0; at + PROBE <= haystack.length; at++) {
    for (const { form, index } of byProbe.get(haystack.slice(at, at + PROBE)) ?? []) {
      if (haystack.startsWith(form, at)) readable.add(index)
    }
  }
  return [...readable].sort((a, b) => a - b)
}

/**
 * Everything that a database holds: every row of every table as text, and every column of bytes as
 * these bytes.
 *
 * @param {(sql: string) => Promise<object[]>} query
 */
async function dump(query) {
  const columns = await query(
    `SELECT format('%I.%I', n.nspname, c.relname) AS "table", quote_ident(c.relname) AS name,
            array_agg(quote_ident(a.attname)) FILTER (WHERE a.atttypid = 'bytea'::regtype) AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
     GROUP BY n.nspname, c.relname`,
  )
  const parts = []
  for (const { table, name, bytes } of columns) {
    for (const { row } of await query(`SELECT ${name}::text AS row FROM ${table}`)) {
      parts.push(Buffer.from(`${row}\n`))
    }
    for (const column of bytes ?? []) {
      const rows = await query(
        `SELECT ${column} AS bytes FROM ${table} WHERE ${column} IS NOT NULL`,
      )
      parts.push(...rows.map((row) => row.bytes))
    }
  }
  return Buffer.concat(parts)
}

module.exports = { dump, findReadable }
