'use strict'

/** The command line. */

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { LAYOUTS } = require('../__test__/faults/layouts')

const FAULTS = path.join(__dirname, 'faults')

const names = fs
  .readdirSync(FAULTS)
  .filter((file) => file.endsWith('.js'))
  .map((file) => path.basename(file, '.js'))

const USAGE = `Usage: npm run soak -- [options]

  --only LIST      faults: ${names.join(',')}
  --layout NAME    ${LAYOUTS.join(' or ')}; both if left out
  --short          as in npm test, instead of long
  --help           this text
`

const OPTIONS = {
  only: { type: 'string', default: names.join(',') },
  layout: { type: 'string', default: LAYOUTS.join(',') },
  short: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

function readArguments(args) {
  const { values } = parseArgs({ args, options: OPTIONS })
  const list = (name, known) => {
    const chosen = values[name].split(',')
    const unknown = chosen.find((each) => !known.includes(each))
    if (unknown !== undefined) throw new Error(`--${name}: there is no ${unknown}`)
    return chosen
  }
  return {
    help: values.help,
    faults: list('only', names).map((name) => ({ name, ...require(path.join(FAULTS, name)) })),
    layouts: list('layout', LAYOUTS),
    scale: values.short ? 'short' : 'long',
  }
}

module.exports = { USAGE, readArguments }
