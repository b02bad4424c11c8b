'use strict'

/** What arrived of what was sent. */

/** The texts of a burst. */
const burstOf = (name, count) => Array.from({ length: count }, (_, at) => `${name} ${at + 1}`)

/**
 * How many messages Baileys can have in hand, between their decryption and the application: one that is acknowledged and
 * about to be told, and the one behind it.
 */
const IN_HAND = 2

/** Of a burst that somebody was getting when it was interrupted, those that were in hand. */
const inHandAfter = (burst, told) => burst.slice(told.length, told.length + IN_HAND)

class Tally {
  sent = 0
  /** Lost on the way through a process that ended, which Baileys does not prevent, whatever keeps the session. */
  inHand = []
  /** Lost with no such excuse. */
  lost = []
  twice = []

  /**
   * @param {string[]} sent texts, all different
   * @param {string[]} arrived texts, in all processes of the receivers
   * @param {string[]} inHand those of `sent` that were in hand when a process ended
   */
  add(sent, arrived, inHand = []) {
    const counts = new Map(sent.map((text) => [text, 0]))
    for (const text of arrived) {
      if (counts.has(text)) counts.set(text, counts.get(text) + 1)
    }
    this.sent += sent.length
    for (const [text, count] of counts) {
      if (count > 1) this.twice.push(text)
      else if (count === 0) (inHand.includes(text) ? this.inHand : this.lost).push(text)
    }
  }
}

module.exports = { Tally, burstOf, inHandAfter }
