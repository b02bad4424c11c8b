'use strict'

const fs = require('node:fs')
const path = require('node:path')

const PROJECT = path.join(__dirname, '../..')

/** The pages that tell people what to type. */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'bench/README.md',
  'examples/backend/README.md',
  'docs/failover/README.md',
  ...fs
    .readdirSync(path.join(PROJECT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

const textOf = (page) => fs.readFileSync(path.join(PROJECT, page), 'utf8')

/** The parts of a page by their headings of the second level, each with all below it. */
function sectionsOf(page) {
  const parts = textOf(page)
    .split(/^## (.*)$/m)
    .slice(1)
  return Object.fromEntries(
    parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1]]] : [])),
  )
}

/** The fenced blocks of a page: their language, text and the comment above them, if there is one. */
function blocksOf(page) {
  const found = textOf(page).matchAll(/^(?:<!-- ([^\n]*?) -->\n)?```(\S*)\n(.*?)^```$/gms)
  return [...found].map(([, comment, language, text]) => ({ comment, language, text }))
}

module.exports = { PAGES, PROJECT, blocksOf, sectionsOf, textOf }
