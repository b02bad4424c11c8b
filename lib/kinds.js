'use strict'

// Numbers of records by type.

/** As the application sees them, of the native part's. */
const countsOf = (kinds) => Object.fromEntries(kinds.map(({ kind, records }) => [kind, records]))

/** All of them together. */
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0)

module.exports = { countsOf, sum }
