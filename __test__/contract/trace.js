'use strict'

const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { gunzipSync } = require('node:zlib')

// Recorded calls of Baileys to its key store; data/traces/FORMAT.md says what the lines mean.

/** The lines of a trace. */
function readTrace(name) {
  const path = join(__dirname, '../data/traces', `${name}.jsonl.gz`)
  return gunzipSync(readFileSync(path))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** How an answer is recorded: the length of a value's JSON text and the beginning of its digest. */
function fingerprint(text) {
  return [text.length, createHash('sha256').update(text).digest('hex').slice(0, 12)]
}

/** What a trace has stored so far, as JSON texts: its `set` lines may hold only what changed. */
class Written {
  #texts = new Map()

  /** Takes the `data` of a `set` line, and gives it with the texts in full; `null` deletes. */
  apply(data) {
    const full = {}
    for (const [type, byId] of Object.entries(data)) {
      full[type] = {}
      for (const [id, recorded] of Object.entries(byId)) {
        const key = JSON.stringify([type, id])
        const text = this.#textOf(recorded, this.#texts.get(key))
        full[type][id] = text
        this.#texts.set(key, text)
      }
    }
    return full
  }

  #textOf(recorded, previous) {
    if (recorded === null) return null
    const delta = recorded.$delta
    if (!delta) return JSON.stringify(recorded)
    const [head, tail, middle] = delta
    return previous.slice(0, head) + middle + previous.slice(previous.length - tail)
  }

  /** How an answer with this record would be recorded. */
  fingerprint(type, id) {
    const text = this.#texts.get(JSON.stringify([type, id])) ?? null
    return text && fingerprint(text)
  }

  /** Every id that was ever written, by type, with its text, or `null` if it was deleted last. */
  all() {
    const byType = {}
    for (const [key, text] of this.#texts) {
      const [type, id] = JSON.parse(key)
      byType[type] ??= {}
      byType[type][id] = text
    }
    return byType
  }
}

module.exports = { readTrace, fingerprint, Written }
