'use strict'

const binding = require('./native.js')
const { SessionStoreError, argumentError, isFailure, messageOf } = require('./errors.js')

/** The original service's functions, under their names and with their messages. */

function encryptData(data, secret) {
  return sealing('Session encryption failed', 'encryptData', () => {
    requireString(data, 'data')
    requireString(secret, 'secret')
    return binding.sealText(data, secret)
  })
}

function decryptData(encrypted, secret) {
  return sealing('Session decryption failed', 'decryptData', () => {
    requireString(secret, 'secret')
    const { iv, authTag, encrypted: text } = encrypted
    for (const part of [iv, authTag, text]) requireString(part, 'each part of the sealed text')
    return binding.openText({ iv, authTag, encrypted: text }, secret)
  })
}

/** The original told every failure with one message; the code and the cause say which it was. */
function sealing(message, operation, run) {
  let answer
  try {
    answer = run()
  } catch (error) {
    throw failed(message, operation, 'ERR_ARGUMENT', error)
  }
  if (isFailure(answer)) throw failed(message, operation, answer.code, new Error(answer.message))
  return answer
}

function failed(message, operation, code, cause) {
  const error = new SessionStoreError(code, message, { cause })
  error.operation = operation
  return error
}

function requireString(value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`)
}

function serializeBuffers(value) {
  return copying('serializeBuffers', () => binding.serializeBuffers(value))
}

function deserializeBuffers(value) {
  return copying('deserializeBuffers', () => binding.deserializeBuffers(value))
}

function copying(operation, copy) {
  try {
    return copy()
  } catch (error) {
    throw argumentError(`the value cannot be copied: ${messageOf(error)}`, operation)
  }
}

module.exports = { encryptData, decryptData, serializeBuffers, deserializeBuffers }
