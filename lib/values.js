'use strict'

const { isUint8Array, isSharedArrayBuffer } = require('node:util').types

/**
 * Values on their way between JavaScript and the native part.
 *
 * A value is whatever a round trip through Baileys' `BufferJSON` makes of it, so objects go through V8's own
 * `JSON.stringify` and `JSON.parse` with Baileys 7's replacer and reviver. Byte arrays, the most frequent values, go as
 * bytes; and where the native part has seen that a text holds none, it is parsed without the reviver, which is four
 * times as fast and gives the same.
 */

const PAIR_HEAD = '{"private":{"type":"Buffer","data":"'
const PAIR_MIDDLE = '"},"public":{"type":"Buffer","data":"'
const TAIL = '"}}'
/** Characters of base64 for 32 bytes. */
const KEY_LENGTH = 44
const PAIR_LENGTH = PAIR_HEAD.length + PAIR_MIDDLE.length + TAIL.length + 2 * KEY_LENGTH

function replacer(_key, value) {
  if (isUint8Array(value) || value?.type === 'Buffer') {
    return { type: 'Buffer', data: Buffer.from(value?.data || value).toString('base64') }
  }
  return value
}

function reviver(_key, value) {
  if (typeof value !== 'object' || value === null) return value
  if (value.type === 'Buffer' && typeof value.data === 'string') {
    return Buffer.from(value.data, 'base64')
  }
  if (Array.isArray(value)) return value
  const names = Object.keys(value)
  if (names.length > 0 && names.every((name) => !Number.isNaN(Number.parseInt(name, 10)))) {
    const numbers = Object.values(value)
    if (numbers.every((number) => typeof number === 'number')) return Buffer.from(numbers)
  }
  return value
}

/** What is stored of a value: bytes, JSON text, or null for a value that deletes. Throws for what JSON cannot hold. */
function encode(value) {
  if (!value) return null
  if (isUint8Array(value) && isPlainBytes(value)) {
    // Another thread could change shared memory while it is read.
    return isSharedArrayBuffer(value.buffer) ? Buffer.from(value) : value
  }
  const text = encodeKeyPair(value) ?? JSON.stringify(value, mayHoldBytes(value) ? replacer : null)
  if (text === undefined) throw new TypeError(`a ${typeof value} is not a value`)
  return text
}

/** Whether the replacer could change something. To look takes a quarter of what calling it for every property does. */
function mayHoldBytes(value) {
  if (typeof value !== 'object' || value === null) return false
  if (ArrayBuffer.isView(value) || value.toJSON !== undefined || value.type === 'Buffer')
    return true
  for (const name in value) {
    if (mayHoldBytes(value[name])) return true
  }
  return false
}

/** The text of a key pair as Baileys makes it, of which an account uploads hundreds at once; undefined for all else. */
function encodeKeyPair(value) {
  if (typeof value !== 'object') return undefined
  const names = Object.keys(value)
  if (names.length !== 2 || names[0] !== 'private' || names[1] !== 'public') return undefined
  const { private: privateKey, public: publicKey, toJSON } = value
  if (!isPlainBuffer(privateKey) || !isPlainBuffer(publicKey) || toJSON !== undefined)
    return undefined
  return (
    PAIR_HEAD + privateKey.toString('base64') + PAIR_MIDDLE + publicKey.toString('base64') + TAIL
  )
}

function isPlainBuffer(value) {
  return Buffer.isBuffer(value) && isPlainBytes(value)
}

/** Whether JSON.stringify would take a byte array as one, rather than as its own `toJSON` says. */
function isPlainBytes(bytes) {
  return bytes.toJSON === undefined || bytes.toJSON === Buffer.prototype.toJSON
}

/** A value from what the native part read: null, bytes, plain JSON text, or `[text]` that may hold byte arrays. */
function decode(stored) {
  if (typeof stored === 'string') return JSON.parse(stored)
  if (!Array.isArray(stored)) return stored
  const [text] = stored
  return decodeKeyPair(text) ?? JSON.parse(text, reviver)
}

/** A pair of keys of 32 bytes from exactly the text that it is stored as; undefined for all else. */
function decodeKeyPair(text) {
  if (text.length !== PAIR_LENGTH || !text.startsWith(PAIR_HEAD) || !text.endsWith(TAIL))
    return undefined
  const middle = PAIR_HEAD.length + KEY_LENGTH
  if (!text.startsWith(PAIR_MIDDLE, middle) || text.includes('\\')) return undefined
  return {
    private: Buffer.from(text.slice(PAIR_HEAD.length, middle), 'base64'),
    public: Buffer.from(text.slice(middle + PAIR_MIDDLE.length, -TAIL.length), 'base64'),
  }
}

module.exports = { encode, decode, replacer, reviver }
