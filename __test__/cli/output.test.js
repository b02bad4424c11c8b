'use strict'

const { PassThrough } = require('node:stream')
const { Output } = require('../../cli/output')

/** A terminal that keeps what is written to it. */
function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  return { stream, text: () => String(stream.read() ?? '') }
}

describe('progress on a terminal', () => {
  test('says how far it has come, and no time before one is known', () => {
    const { stream, text } = terminal()
    const output = new Output({ isJson: false, err: stream })
    output.progress(0, 4, 'sessions')
    output.progress(0, 4, 'sessions')
    output.end()
    const shown = text()
    expect(shown).toContain('0 of 4 sessions, ? left')
    expect(shown).not.toMatch(/INF|NF|NULL|0s/)
  })

  test('is none of what programs read, nor of a pipe', () => {
    for (const [isJson, isTTY] of [
      [true, true],
      [false, false],
    ]) {
      const { stream, text } = terminal()
      stream.isTTY = isTTY
      const output = new Output({ isJson, err: stream })
      output.progress(1, 4, 'sessions')
      output.end()
      expect(text()).toBe('')
    }
  })
})
