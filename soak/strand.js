'use strict'

/**
 * Writes of an account that follow one another: each sets and deletes records of several types at once, all with one number,
 * so that a lost one and a torn one can be told from the records alone.
 */

const { randomBytes, randomInt } = require('node:crypto')

/** So many bytes more are in the sender key of each eighth set: it takes several packets and pages. */
const LARGE = 20_000

/** What values and ids hold so that they are found wherever they are printed. */
class Marks {
  constructor({ value, contact }) {
    this.value = value
    this.contact = contact
  }

  static random() {
    return new Marks({
      value: randomBytes(24).toString('hex'),
      contact: `5511${randomInt(1e9, 1e10)}`,
    })
  }

  /** The ids of a strand's records. */
  ids(strand, n) {
    return {
      session: `${this.contact}.${strand}`,
      'sender-key': `${this.contact}-${strand}@g.us::1::0`,
      'sender-key-memory': `${this.contact}-${strand}@g.us`,
      'pre-key': `${this.contact}-${strand}-${n}`,
    }
  }
}

/** A strand's nth set, for `keys.set`. */
function setOf(marks, strand, n) {
  const ids = marks.ids(strand, n)
  const value = { n, value: marks.value }
  const large = { ...value, filler: n % 8 === 0 ? 'x'.repeat(LARGE) : '' }
  return {
    session: { [ids.session]: value },
    'sender-key': { [ids['sender-key']]: Buffer.from(JSON.stringify(large)) },
    'sender-key-memory': { [ids['sender-key-memory']]: value },
    'pre-key': { [ids['pre-key']]: value, [marks.ids(strand, n - 1)['pre-key']]: null },
  }
}

/** The number of a strand's last set as its records have it, 0 if there are none, and whether they disagree. */
async function readStrand(keys, marks, strand) {
  const one = async (type, n) => {
    const id = marks.ids(strand, n)[type]
    return (await keys.get(type, [id]))[id]
  }
  const n = (await one('session'))?.n ?? 0
  const numbers = [
    (await one('sender-key-memory'))?.n ?? 0,
    JSON.parse((await one('sender-key'))?.toString() ?? '{"n":0}').n,
    (await one('pre-key', n))?.n ?? 0,
  ]
  const neighbours = [await one('pre-key', n - 1), await one('pre-key', n + 1)]
  const isTorn = numbers.some((each) => each !== n) || neighbours.some((each) => each !== null)
  return { n, isTorn }
}

/** As `readStrand`, of what the database holds: `keys` of a stored session. */
function storedStrand(stored, marks, strand) {
  const keys = {
    get: (type, [id]) => ({ [id]: reviveBuffer(stored?.keys[`${type}-${id}`] ?? null) }),
  }
  return readStrand(keys, marks, strand)
}

const reviveBuffer = (value) =>
  value?.type === 'Buffer' ? Buffer.from(value.data, 'base64') : value

/** Sets one after another, each again until it is acknowledged, as Baileys does with a commit. */
class Strand {
  acknowledged = 0
  /** The number of the newest set that was called. */
  called = 0
  isStopped = false

  constructor({ handle, marks, name, last = 0 }) {
    this.handle = handle
    this.name = name
    this.marks = marks
    this.acknowledged = last
    this.called = last
  }

  /**
   * Runs until it is stopped, or `onRefused` throws.
   *
   * @param {{ onAcknowledged: Function, onRefused: Function }} listeners get this strand, how long the call took in ms, and
   *   the error
   */
  async run({ onAcknowledged, onRefused }) {
    while (!this.isStopped) {
      this.called = this.acknowledged + 1
      const from = performance.now()
      try {
        await this.handle.state.keys.set(setOf(this.marks, this.name, this.called))
      } catch (error) {
        await onRefused(this, performance.now() - from, error)
        continue
      }
      this.acknowledged = this.called
      await onAcknowledged(this, performance.now() - from)
    }
  }

  /** What the handle says of its records: their number, and whether they disagree. */
  read() {
    return readStrand(this.handle.state.keys, this.marks, this.name)
  }
}

module.exports = { Marks, Strand, readStrand, storedStrand }
