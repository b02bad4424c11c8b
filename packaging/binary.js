'use strict'

/** What an addon file takes, and what it needs of the machine. */

const fs = require('node:fs')

/** The newest glibc whose symbols an ELF file asks for, as `2.17`. The names stand in its table of strings. */
function glibcOf(file) {
  const names = fs.readFileSync(file, 'latin1').match(/GLIBC_\d+\.\d+/g) ?? []
  const versions = names.map((name) => name.slice('GLIBC_'.length).split('.').map(Number))
  const [major, minor] = versions.sort(([a, b], [c, d]) => c - a || d - b)[0] ?? [0, 0]
  return { major, minor }
}

const mebibytes = (file) => fs.statSync(file).size / 2 ** 20

module.exports = { glibcOf, mebibytes }
