'use strict'

/** Throws when a promise is broken. The message names it, and where: no value. */
function promise(isKept, what) {
  if (!isKept) throw new Error(`broken: ${what}`)
}

module.exports = { promise }
