'use strict'

/** Rounds of several contestants, in turn. */

const { summariseRounds } = require('../statistics')

/** Calls `round(contestant)` of every contestant, `rounds` times, and gives each the summary of its figures. */
async function runInTurn(contestants, round, { rounds, onRound }) {
  for (let nth = 0; nth < rounds; nth += 1) {
    // Who goes first changes, so that nobody always follows the same neighbour.
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const contestant = contestants[(nth + turn) % contestants.length]
      onRound(contestant.label, nth)
      contestant.rounds.push(await round(contestant))
    }
  }
  for (const contestant of contestants) contestant.figures = summariseRounds(contestant.rounds)
}

module.exports = { runInTurn }
