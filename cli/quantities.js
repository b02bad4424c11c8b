'use strict'

/** Sizes and times as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** A size with three digits, such as `12.3 MB`. */
function size(bytes) {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${value.toPrecision(3)} ${UNITS[unit]}`
}

/** A time in UTC, to the second; nothing for none. */
const time = (date) => date && `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`

module.exports = { size, time }
