'use strict'

const { createCipheriv, createDecipheriv, randomBytes, scryptSync } = require('node:crypto')

// The original service's algorithm, by node:crypto alone: what our layout has to read and to write.

const keys = new Map()

function keyOf(secret) {
  if (!keys.has(secret)) keys.set(secret, scryptSync(secret, 'whatsapp-session-salt', 32))
  return keys.get(secret)
}

/** Seals a text: `{ iv, authTag, encrypted }`, all in hex. */
function encrypt(text, secret) {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv)
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return {
    iv: iv.toString('hex'),
    authTag: cipher.getAuthTag().toString('hex'),
    encrypted: encrypted.toString('hex'),
  }
}

/** Opens what was sealed. Throws if it was changed or sealed with another secret. */
function decrypt({ iv, authTag, encrypted }, secret) {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), Buffer.from(iv, 'hex'))
  decipher.setAuthTag(Buffer.from(authTag, 'hex'))
  const text = Buffer.concat([decipher.update(Buffer.from(encrypted, 'hex')), decipher.final()])
  return text.toString('utf8')
}

/** A session as the original stored it in `session_data`. */
const seal = (session, secret) => JSON.stringify(encrypt(JSON.stringify(session), secret))

/** The plaintext of a `session_data`. */
const open = (sessionData, secret) => decrypt(JSON.parse(sessionData), secret)

/** A copy of a value in which every byte array is `{ type: 'Buffer', data: base64 }`. */
function serializeBuffers(value) {
  if (value instanceof Uint8Array) {
    return { type: 'Buffer', data: Buffer.from(value).toString('base64') }
  }
  return mapValues(value, serializeBuffers)
}

/** A copy of a value in which every such object is a Buffer again. */
function deserializeBuffers(value) {
  if (value?.type === 'Buffer' && typeof value.data === 'string') {
    return Buffer.from(value.data, 'base64')
  }
  return mapValues(value, deserializeBuffers)
}

function mapValues(value, map) {
  if (Array.isArray(value)) return value.map(map)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]))
}

module.exports = { encrypt, decrypt, seal, open, serializeBuffers, deserializeBuffers }
