'use strict'

/** Looks for secrets of sessions in a text, in every form in which they could stand there. */

const PROBE = 12
const KEY_IN_BASE64 = /^[A-Za-z0-9+/]{43}=?$/

/**
 * A session as it was opened, with every byte array as base64 and the JSON inside of its sender
 * keys opened too.
 */
function reveal({ creds, keys }) {
  const revealed = Object.entries(keys).map(([name, value]) => {
    const isText = name.startsWith('sender-key-') && value.type === 'Buffer'
    return [name, bytesAsBase64(isText ? JSON.parse(Buffer.from(value.data, 'base64')) : value)]
  })
  return { creds: bytesAsBase64(creds), keys: Object.fromEntries(revealed) }
}

function bytesAsBase64(value) {
  if (Array.isArray(value)) return value.map(bytesAsBase64)
  if (value === null || typeof value !== 'object') return value
  if (value.type === 'Buffer') return Buffer.from(value.data, 'base64').toString('base64')
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
 * Which of the secrets (Buffers) can be read in the text: their number. One pass, whatever their
 * number.
 */
function countReadable(secrets, text) {
  const byProbe = new Map()
  for (const [index, secret] of secrets.entries()) {
    for (const form of new Set(forms(secret))) {
      const probe = form.slice(0, PROBE)
      byProbe.set(probe, [...(byProbe.get(probe) ?? []), { form, index }])
    }
  }
  const haystack = Buffer.from(text).toString('latin1')
  const readable = new Set()
  for (let at = 0; at + PROBE <= haystack.length; at++) {
    for (const { form, index } of byProbe.get(haystack.slice(at, at + PROBE)) ?? []) {
      if (haystack.startsWith(form, at)) readable.add(index)
    }
  }
  return readable.size
}

module.exports = { countReadable, keysIn, reveal }
