'use strict'

const { randomBytes } = require('node:crypto')
const { SessionStoreError } = require('../..')
const { startChild } = require('../support/child')
const { runFault } = require('../../soak/run')

// The search of what the faults print, shown to find.

const SECRET = randomBytes(24).toString('base64url')

/** Runs this in a fault's place, where the secret is hidden. */
const hiding = (work) => {
  const fault = {
    async run({ said }) {
      said.hide('the secret', SECRET)
      await work(said)
      return {}
    },
  }
  return runFault(fault, { layout: 'rows', scale: 'short' })
}

const printed = /it was printed what nobody may see: the secret$/

test.each([
  ['on the standard output', () => process.stdout.write(`${SECRET}\n`)],
  ['on the standard error, as base64', () => process.stderr.write(`${btoa(` ${SECRET}`)}\n`)],
  ['in a log line', (said) => said.logger.warn({ deep: { inside: [SECRET] } }, 'a line')],
  ['in an error', (said) => said.error(new Error('x', { cause: new Error(SECRET) }))],
  ['in a property of an error', (said) => said.error(Object.assign(new Error(), { SECRET }))],
  [
    'over two chunks',
    (said) => said.print('x'.repeat((1 << 20) - 10) + SECRET + 'y'.repeat(1 << 20)),
  ],
  [
    'by a process of its own',
    async (said) => {
      const options = { onOutput: said.print }
      const script = require.resolve('../support/echo')
      await startChild(script, { ECHO: SECRET }, options).drained
    },
  ],
])('a secret is found %s', async (_, work) => {
  await expect(hiding(work)).rejects.toThrow(printed)
})

test('a fault that fails with it is not told instead', async () => {
  const work = () => Promise.reject(new Error(`failed with ${SECRET}`))
  await expect(hiding(work)).rejects.toThrow(printed)
})

test('where it is not printed, figures say how much was searched', async () => {
  const figures = await hiding((said) =>
    said.error(new SessionStoreError('ERR_DB_TIMEOUT', 'too late', { operation: 'set' })),
  )
  expect(figures['bytes of output searched for secrets']).toBeGreaterThan(100)
})
