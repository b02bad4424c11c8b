'use strict'

/** Throws when a promise is broken. The message names it, and where: no value. */
function promise(isKept, what) {
  if (!isKept) throw new Error(`broken: ${what}`)
}

/** Throws unless a strand's records hold what was acknowledged, or the set that was called last, whole. */
function requireWhole({ n, isTorn }, { acknowledged, called }, where) {
  promise(!isTorn, `a set is all or nothing (${where}, set ${n})`)
  promise(n >= acknowledged, `what was acknowledged is there (${where}: ${n} of ${acknowledged})`)
  promise(n <= called, `nothing is there that was not written (${where}: ${n} of ${called})`)
}

module.exports = { promise, requireWhole }
