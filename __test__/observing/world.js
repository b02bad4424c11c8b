'use strict'

const LEVELS = ['debug', 'info', 'warn', 'error']

/** A logger that keeps its lines: `[level, fields, message]`. With a level, it says which lines it wants. */
function keepingLogger({ level, ...others } = {}) {
  const lines = []
  const methods = LEVELS.map((name) => [
    name,
    (fields, message) => lines.push([name, fields, message]),
  ])
  return {
    lines,
    /** The lines of a level. */
    at: (name) => lines.filter(([each]) => each === name),
    logger: { ...Object.fromEntries(methods), ...(level !== undefined && { level }), ...others },
  }
}

/** A hook that keeps the events it is told. */
function keepingHook() {
  const events = []
  return { events, onAudit: (event) => void events.push(event) }
}

module.exports = { keepingHook, keepingLogger }
