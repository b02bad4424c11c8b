'use strict'

/** Asks before anything is destroyed. */

const readline = require('node:readline/promises')

/** The answer was no, or there is nobody to ask. */
class Declined extends Error {}

/** Returns when somebody has agreed; `yes` is the command's `--yes`. */
async function confirm(question, { yes, signal }) {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new Declined(`${question} There is no terminal to ask on; --yes says so beforehand.`)
  }
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new Declined('Nothing was done.')
  } finally {
    terminal.close()
  }
}

module.exports = { confirm, Declined }
