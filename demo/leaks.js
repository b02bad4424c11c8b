'use strict'

/** What of a session must not be readable anywhere else. */

const KEY_IN_BASE64 = /^[A-Za-z0-9+/]{43}=?$/

/**
 * A session as it was opened, with every byte array as base64 and the JSON inside of its sender
 * keys opened too.
 */
function reveal({ creds, keys }) {
  const revealed = Object.entries(keys).map(([name, value]) => {
    const bytes = name.startsWith('sender-key-') && bytesOf(value)
    return [name, bytesAsBase64(bytes ? JSON.parse(bytes) : value)]
  })
  return { creds: bytesAsBase64(creds), keys: Object.fromEntries(revealed) }
}

/** The bytes that a value is, revived or as JSON. */
function bytesOf(value) {
  if (value instanceof Uint8Array) return Buffer.from(value)
  return value?.type === 'Buffer' ? Buffer.from(value.data, 'base64') : undefined
}

function bytesAsBase64(value) {
  if (Array.isArray(value)) return value.map(bytesAsBase64)
  if (value === null || typeof value !== 'object') return value
  const bytes = bytesOf(value)
  if (bytes) return bytes.toString('base64')
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, bytesAsBase64(inner)]),
  )
}

/**
 * Every string in a revealed session that is 32 bytes in base64: private keys, chain keys, and
 * public keys with them.
 */
function keysIn(value, found = new Set()) {
  if (typeof value === 'string' && KEY_IN_BASE64.test(value)) found.add(value)
  if (value !== null && typeof value === 'object')
    for (const inner of Object.values(value)) keysIn(inner, found)
  return found
}

module.exports = { keysIn, reveal }
