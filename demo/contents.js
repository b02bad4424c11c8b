'use strict'

const { countReadable, keysIn, reveal } = require('./leaks')
const { number } = require('./report')

// `sender-key` begins `sender-key-memory` too.
const COUNTED = {
  'pre-key': /^pre-key-/,
  session: /^session-/,
  'sender-key': /^sender-key-(?!mem)/,
}

/** What a session holds, in words. */
function describeKeys(keys) {
  const names = Object.keys(keys)
  const counts = Object.entries(COUNTED).map(([type, pattern]) => {
    return [`${type}s`, names.filter((name) => pattern.test(name)).length]
  })
  const others = counts.reduce((left, [, count]) => left - count, names.length)
  return [...counts, ['others', others]].map(([type, count]) => `${count} ${type}`).join(', ')
}

/** Rows for the table: one for each account. */
function describeRows(rows) {
  return rows.map(({ id, bytes, bytesOnDisk, session }) => {
    const sizes = `${number(bytes)} B, ${number(bytesOnDisk)} B on disk`
    return [id, `${sizes}: ${describeKeys(session.keys)}`]
  })
}

/**
 * Whether secrets of these sessions can be read in a text: which of the numbers and of all keys in
 * the sessions. The control looks for the same in the opened sessions, where every one of them has
 * to be found.
 */
function checkPrivacy(sessions, numbers, text) {
  const revealed = sessions.map(reveal)
  const keys = [...keysIn(revealed)].map((key) => Buffer.from(key, 'base64'))
  const secrets = [...numbers.map((digits) => Buffer.from(digits)), ...keys]
  return {
    keys: keys.length,
    found: countReadable(secrets, text),
    control: countReadable(secrets, JSON.stringify(revealed)),
  }
}

module.exports = { checkPrivacy, describeRows }
