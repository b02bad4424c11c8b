'use strict'

const { Said } = require('./said')

/**
 * Runs a fault over a layout, and searches all that it has said. Throws when a promise is broken.
 *
 * @param {{ run: (options: object) => Promise<object> }} fault one of `soak/faults`
 * @param {{ layout: string, scale: 'short' | 'long', report?: (line: string) => void }} options
 * @returns its figures
 */
async function runFault(fault, { layout, scale, report = () => {} }) {
  const said = new Said()
  const figures = await said.during(() => fault.run({ layout, scale, report, said }))
  return { ...figures, 'bytes of output searched for secrets': said.bytes }
}

module.exports = { runFault }
