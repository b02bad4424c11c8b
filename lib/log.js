'use strict'

const RANKS = new Map(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level, rank) => [
    level,
    rank,
  ]),
)

/** The application's logger, if there is one. A logger that throws must not end a process full of accounts. */
class Log {
  #logger

  constructor(logger) {
    this.#logger = logger
  }

  /** The time in ms, for `since`; costs nothing where nobody would read it. */
  now() {
    return this.#logger === undefined ? 0 : performance.now()
  }

  /** Whether lines of a level are written, as far as the logger can be asked. It may change its mind at any time. */
  writes(level) {
    const logger = this.#logger
    try {
      if (typeof logger?.[level] !== 'function') return false
      if (typeof logger.isLevelEnabled === 'function') return logger.isLevelEnabled(level)
      // Levels of other names than Baileys' are the logger's own business.
      return (RANKS.get(logger.level) ?? 0) <= RANKS.get(level)
    } catch {
      return false
    }
  }

  debug(fields, message) {
    this.#write('debug', fields, message)
  }

  info(fields, message) {
    this.#write('info', fields, message)
  }

  warn(fields, message) {
    this.#write('warn', fields, message)
  }

  error(fields, message) {
    this.#write('error', fields, message)
  }

  #write(level, fields, message) {
    if (!this.writes(level)) return
    try {
      this.#logger[level](fields, message)
    } catch {
      // There is nowhere left to tell it.
    }
  }
}

/** How long something took, in ms, of `Log.now` before it. */
function since(start) {
  return rounded(performance.now() - start)
}

function rounded(ms) {
  return Math.round(ms * 100) / 100
}

module.exports = { Log, rounded, since }
