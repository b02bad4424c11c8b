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
  const text = JSON.stringify(value, replacer)
  if (text === undefined) throw new TypeError(`a ${typeof value} is not a value`)
  return text
}

/** Whether JSON.stringify would take a byte array as one, rather than as its own `toJSON` says. */
function isPlainBytes(bytes) {
  return bytes.toJSON === undefined || bytes.toJSON === Buffer.prototype.toJSON
}

/** A value from what the native part read: null, bytes, plain JSON text, or `[text]` that may hold byte arrays. */
function decode(stored) {
  if (typeof stored === 'string') return JSON.parse(stored)
  return Array.isArray(stored) ? JSON.parse(stored[0], reviver) : stored
}

module.exports = { encode, decode, replacer, reviver }
