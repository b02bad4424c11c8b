'use strict'

const { vectors } = require('../data/session-data.json')

const { recordTypes } = require('../contract/records')

// Longer names first: `sender-key-memory-x` also begins with `sender-key-`.
const types = recordTypes.toSorted((one, other) => other.length - one.length)

/** The type and id of a stored key, `<type>-<id>`. */
function split(key) {
  const type = types.find((type) => key.startsWith(`${type}-`))
  return [type, key.slice(type.length + 1)]
}

/** The stored values of a session by type and id, still in the form of JSON. */
function recordsOf({ keys }) {
  const records = {}
  for (const [key, value] of Object.entries(keys)) {
    const [type, id] = split(key)
    records[type] ??= {}
    records[type][id] = value
  }
  return records
}

module.exports = { vectors, recordsOf }
