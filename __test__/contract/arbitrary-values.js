'use strict'

const fc = require('fast-check')

// Arbitrary JavaScript values of the kinds that `BufferJSON` treats in a way of their own.

/** Any code units: lone surrogates, NUL and what JSON escapes are as likely as letters. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc
    .array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
        fc.integer({ min: 0, max: 0x7f }),
      ),
      { maxLength: 12 },
    )
    .map((units) => String.fromCharCode(...units)),
)

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 1e21),
)

/** Byte arrays: Buffers, arrays, views into larger and into shared memory, and arrays that are not of bytes. */
const bytes = fc
  .tuple(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: 70 }), fc.nat({ max: 9 }))
  .map(([data, offset, kind]) => {
    const from = Math.min(offset, data.length)
    if (kind === 0) return Buffer.from(data)
    if (kind === 1) return Buffer.from(data).subarray(from)
    if (kind === 2) return data.subarray(from)
    if (kind === 3) return new Uint8ClampedArray(data)
    if (kind === 4) return new Uint16Array(data)
    if (kind === 5) return new DataView(data.buffer, data.byteOffset, data.byteLength)
    if (kind === 6) return Buffer.from(data).toJSON()
    if (kind === 7) return Uint8Array.from(data).buffer
    if (kind === 8) {
      const shared = new Uint8Array(new SharedArrayBuffer(data.length + 8), 4, data.length)
      shared.set(data)
      return shared
    }
    return data
  })

/** What only looks like the JSON form of a Buffer. Some of it `BufferJSON` cannot write at all. */
const lookAlike = fc.record(
  {
    type: fc.constantFrom('Buffer', 'buffer', 'Buffer\u0000'),
    data: fc.oneof(
      fc.base64String({ maxLength: 16 }),
      text,
      fc.array(number, { maxLength: 4 }),
      number,
    ),
    extra: number,
    buffer: fc.boolean(),
  },
  { requiredKeys: ['type'] },
)

const scalar = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: number },
  { weight: 3, arbitrary: fc.constantFrom(true, false, null, undefined) },
  { weight: 1, arbitrary: fc.date({ noInvalidDate: false }) },
  { weight: 1, arbitrary: fc.oneof(text, number, fc.boolean()).map(Object) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(() => 1, Symbol('s'), new Map([[1, 2]]), new Set([1]), /x/),
  },
)

/** Property names, many of which `parseInt` takes for numbers: with numbers as values such an object is a Buffer to v7. */
const name = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.nat({ max: 12 }).map(String) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '-1',
      ' 1',
      '1e3',
      '5511@s',
      '\u00a01',
      '0x',
      '+1',
      '.1',
      '1\ud800',
      '\u180e1',
      '\ufeff7',
      '٣',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'type',
      'data',
      'buffer',
      '',
    ),
  },
)

/** An object with these properties of its own, `__proto__` among them, in this order. */
const objectOf = (pairs) => {
  const object = {}
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return object
}

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    { weight: 3, arbitrary: bytes },
    { weight: 1, arbitrary: lookAlike },
    { weight: 4, arbitrary: tie('object') },
    { weight: 3, arbitrary: tie('array') },
    { weight: 1, arbitrary: tie('numbers') },
    { weight: 1, arbitrary: tie('withToJSON') },
  ),
  object: fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }).map(objectOf),
  numbers: fc.array(fc.tuple(name, number), { maxLength: 6 }).map(objectOf),
  array: fc.oneof(
    fc.array(tie('value'), { maxLength: 6 }),
    fc.sparseArray(tie('value'), { maxNumElements: 4, maxLength: 8 }),
  ),
  withToJSON: tie('value').map((inner) => ({ hidden: 1, toJSON: () => inner })),
}))

module.exports = { anyValue, text }
