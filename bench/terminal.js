'use strict'

/** What the command writes. */

/** One line on the terminal that is written over; nothing where the output is not a terminal. */
function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function print(lines) {
  showProgress('')
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

module.exports = { print, showProgress }
