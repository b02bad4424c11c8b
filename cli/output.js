'use strict'

/**
 * What a command writes. The result goes to the standard output: to a terminal as a table with lines, to a pipe as aligned
 * text, with `--json` as one JSON value. All else goes to the standard error.
 */

const Table = require('cli-table3')
const { Format, SingleBar } = require('cli-progress')

/** Tables without lines, for pipes. */
const PLAIN = {
  chars: Object.fromEntries(
    'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid'
      .split(' ')
      .map((part) => [part, '']),
  ),
  style: { 'padding-left': 0, 'padding-right': 0 },
}
PLAIN.chars.middle = '  '

class Output {
  #isJson
  #out
  #err
  #bar

  constructor({ isJson, out = process.stdout, err = process.stderr }) {
    this.#isJson = isJson
    this.#out = out
    this.#err = err
  }

  /** The result: `json` for programs, `show` writes it for people. */
  result(json, show) {
    this.end()
    if (this.#isJson) this.#out.write(`${JSON.stringify(json, null, 2)}\n`)
    else show(this)
  }

  line(text) {
    this.#out.write(`${text}\n`)
  }

  /** Text that has its own ends of lines. */
  text(text) {
    this.#out.write(text)
  }

  /** Rows of cells under a head; numbers are aligned right. */
  table(head, rows) {
    const isPlain = !this.#out.isTTY
    const numeric = head.map(
      (_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === 'number'),
    )
    const table = new Table({
      ...(isPlain ? PLAIN : {}),
      head,
      colAligns: numeric.map((is) => (is ? 'right' : 'left')),
      style: { ...(isPlain ? PLAIN.style : {}), head: [], border: [] },
    })
    table.push(...rows.map((row) => row.map(cell)))
    this.line(
      table
        .toString()
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n'),
    )
  }

  /** What is under way, in words that are no part of the result. */
  note(text) {
    if (this.#isJson) return
    this.#err.write(`${text}\n`)
  }

  /** How far it has come; only on a terminal. `total` may grow. */
  progress(done, total, what) {
    if (this.#isJson || !this.#err.isTTY) return
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        format: '{bar} {value} of {total} {what}, {eta_formatted} left',
        // Words, until it is known.
        formatTime: (time, ...rest) =>
          typeof time === 'number' ? Format.TimeFormat(time, ...rest) : '?',
        stream: this.#err,
        hideCursor: true,
        clearOnComplete: true,
      })
      this.#bar.start(total, done, { what })
    }
    this.#bar.setTotal(total)
    this.#bar.update(done, { what })
  }

  /** What went wrong; `code` is that of a `SessionStoreError`. */
  problem(message, code = null) {
    this.end()
    if (this.#isJson) this.#out.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`)
    else this.#err.write(`baileys-postgres-auth: ${message}${code ? ` (${code})` : ''}\n`)
  }

  /** Takes the progress off the terminal. */
  end() {
    this.#bar?.stop()
    this.#bar = undefined
  }
}

const cell = (value) => {
  if (value === null || value === undefined) return ''
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value)
}

module.exports = { Output }
