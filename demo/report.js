'use strict'

const LIVE_EVERY_MS = 200
const PLAIN_EVERY_MS = 5_000
const CLEAR_LINE = '\r\x1b[2K'

/**
 * Progress while the demo runs, its checks, and the table at the end. A terminal gets a live line,
 * a pipe plain ones.
 */
class Report {
  #out = process.stdout
  #started = performance.now()
  #describe = () => ''
  #timer
  #passed = 0
  #failed = 0

  get passed() {
    return this.#failed === 0
  }

  seconds() {
    return (performance.now() - this.#started) / 1000
  }

  line(text) {
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE)
    this.#out.write(`${text}\n`)
  }

  /** Begins a phase; `describe` tells how far it is. */
  phase(name, describe = () => '') {
    clearInterval(this.#timer)
    this.#describe = describe
    this.line(`${this.#clock()}  ${name}`)
    const period = this.#out.isTTY ? LIVE_EVERY_MS : PLAIN_EVERY_MS
    this.#timer = setInterval(() => this.#progress(), period)
    this.#timer.unref()
  }

  /** A step within a phase. */
  note(text) {
    this.line(`           ${text}`)
  }

  #progress() {
    const text = this.#describe()
    if (!text) return
    if (this.#out.isTTY) this.#out.write(`${CLEAR_LINE}${this.#clock()}    ${text}`)
    else this.line(`${this.#clock()}    ${text}`)
  }

  #clock() {
    return `${this.seconds().toFixed(1).padStart(5)} s`
  }

  check(passed, text) {
    if (passed) this.#passed++
    else this.#failed++
    this.line(`         ${passed ? 'pass' : 'FAIL'}  ${text}`)
  }

  /** `rows` of `[name, value]`, and the verdict. */
  finish(rows) {
    clearInterval(this.#timer)
    const width = Math.max(...rows.map(([name]) => name.length))
    this.line('')
    for (const [name, value] of rows) this.line(`  ${name.padEnd(width)}  ${value}`)
    const total = this.#passed + this.#failed
    this.line('')
    this.line(
      this.passed ? `All ${total} checks passed.` : `${this.#failed} of ${total} checks FAILED.`,
    )
  }

  stop() {
    clearInterval(this.#timer)
    if (this.#out.isTTY) this.#out.write(CLEAR_LINE)
  }
}

const number = (value) => value.toLocaleString('en-US')

/** The value below which the given share of the values lies. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

module.exports = { Report, number, quantile }
