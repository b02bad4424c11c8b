'use strict'

/**
 * One text for one value, such that two values have the same text only if no consumer could tell them apart: classes,
 * property order, holes, -0 and what is `undefined` all show. It crosses to another process and realm unharmed, which
 * the values themselves would not.
 *
 * @param {unknown} value
 * @param {Record<string, Function>} classes the classes that count as themselves, by the name to show
 * @returns {string}
 */
function describeValue(value, classes) {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value)
  if (value === null) return 'null'
  if (ArrayBuffer.isView(value)) return describeBytes(value)
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, i) =>
      i in value ? describeValue(item, classes) : 'hole',
    )
    return `[${items.join()}]`
  }
  if (Object.prototype.toString.call(value) === '[object Date]') return `Date(${value.getTime()})`
  const properties = Object.keys(value).map(
    (key) => `${JSON.stringify(key)}:${describeValue(value[key], classes)}`,
  )
  return `${className(value, classes)}{${properties.join()}}`
}

function describeBytes(view) {
  const name = Buffer.isBuffer(view) ? 'Buffer' : view.constructor.name
  return `${name}(${Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')})`
}

/** Nothing for a plain object of any realm. A class that only has the name of a known one shows as another one. */
function className(value, classes) {
  for (const [name, known] of Object.entries(classes)) if (value instanceof known) return name
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null) return 'without a prototype '
  const isPlain =
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
  return isPlain ? '' : `another ${prototype.constructor?.name} `
}

/**
 * An answer of `keys.get`, with exactly the ids that it holds, as pairs: an id may be `__proto__`.
 *
 * @param {object} answer
 * @param {Record<string, Function>} classes
 * @returns {[string, string][]}
 */
function describeAnswer(answer, classes) {
  return Object.keys(answer)
    .sort()
    .map((id) => [id, describeValue(answer[id], classes)])
}

module.exports = { describeValue, describeAnswer }
