'use strict'

const { view } = require('../records')

/** A value nested this deep, by turns in arrays and objects. */
function nested(depth) {
  let value = 'innermost'
  for (let i = 0; i < depth; i++) value = i % 2 ? { inside: value } : [value]
  return value
}

const allCodeUnits = () => {
  const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit))
  return units.join('')
}

/** `{ __proto__: … }` as JSON text gives it: a property of its own, not the prototype. */
const ownProto = (inner) => JSON.parse(`{"a":1,"__proto__":${JSON.stringify(inner)},"z":2}`)

class Point {
  constructor() {
    this.x = 1
  }
  get y() {
    return 2
  }
}

/** Values by name, each a function since some would be shared otherwise. None of them is falsy. */
const values = {
  'an empty object': () => ({}),
  'an empty array': () => [],
  'an empty Buffer': () => Buffer.alloc(0),
  'an empty Uint8Array': () => new Uint8Array(0),
  true: () => true,
  'a number': () => -1.5e-7,
  'the greatest numbers': () => [Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, 1e21],
  'Infinity, which is null': () => Infinity,
  '-0, NaN and infinities inside': () => ({ zero: -0, values: [NaN, Infinity, -Infinity, -0] }),
  'an ordinary string': () => 'Zoë 😀 "quoted" \\ / \u2028\u2029 \u007f',
  'a string with lone surrogates': () => 'a\ud800b\udc00c\udfff\ud83d',
  'a string with NUL': () => '\u0000a\u0000',
  'every code unit': () => allCodeUnits(),
  'property names with lone surrogates and NUL': () => ({ '\ud800': 1, 'a\u0000b': 2, '': 3 }),
  'text that looks like an escape': () => ['\\ud800', '\\u0000', '{"type":"Buffer"}'],
  'a long string': () => 'x\ud800'.repeat(500_000),
  'every byte': () => Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  'byte arrays of every length of base64': () => [1, 2, 3, 4].map((length) => view(length, 255)),
  'views into larger buffers': () => ({ array: view(33, 1), nested: [{ inside: view(5, 2) }] }),
  'a view of shared memory': () => new Uint8Array(new SharedArrayBuffer(8), 2, 4).fill(7),
  'a subclass of Uint8Array': () => new (class Bytes extends Uint8Array {})([1, 2, 3]),
  'a Buffer as JSON gives it': () => ({ type: 'Buffer', data: [1, 2, 255] }),
  'a look-alike of a Buffer, which is encoded again': () => ({ type: 'Buffer', data: 'AQID' }),
  'other arrays of numbers, which are objects': () => [
    new Uint16Array([1, 2]),
    new Uint8ClampedArray([1]),
    new Float64Array([0.5]),
    new DataView(new ArrayBuffer(2)),
    new ArrayBuffer(2),
  ],
  'numeric property names with numbers, which are a Buffer': () => [{ 0: 1 }, { '5511@s': 300 }],
  'numeric property names with others': () => [{ 0: 'x' }, { 0: 1, a: 2 }, { 0: null }],
  'a Date': () => new Date(1700000000123),
  'Dates inside, one of them invalid': () => [new Date(0), { at: new Date(Number.NaN) }],
  'an invalid Date, which is null': () => new Date(Number.NaN),
  'undefined inside': () => ({ gone: undefined, kept: null, list: [undefined, [undefined, 1]] }),
  'a sparse array': () => Object.assign([], { 3: 'x' }),
  'functions and symbols inside': () => ({ f() {}, s: Symbol('s'), list: [() => 1, Symbol('t')] }),
  'boxed primitives': () => [Object('x'), Object(0), Object(true), Object(Number.NaN)],
  'a boxed false, which is stored as false': () => Object(false),
  'a Map and a Set, which are empty objects': () => [new Map([[1, 2]]), new Set([1])],
  'an instance of a class': () => new Point(),
  'an object without a prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'hidden, symbolic and inherited properties': () =>
    Object.defineProperty(Object.create({ inherited: 1 }, {}), 'hidden', { value: 1 }),
  'toJSON with the property name': () => ({ toJSON: (key) => ({ key: typeof key }) }),
  'toJSON deep inside': () => ({ list: [{ toJSON: (key) => key }, { toJSON: () => view(3, 1) }] }),
  '__proto__ as a property': () => ownProto({ polluted: true }),
  '__proto__ as a property that is a number': () => ownProto(1),
  'constructor, prototype and toString as properties': () => ({
    constructor: { prototype: { polluted: true } },
    toString: 1,
    hasOwnProperty: 2,
  }),
  'property order, with numbers first': () => ({ z: 1, a: 2, 10: 3, 9: 4, '-1': 5 }),
  'a value nested 900 deep': () => nested(900),
  'a value with 10,000 properties': () =>
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, i])),
}

/** Values come back exactly as Baileys' `BufferJSON` gives them back. */
module.exports = (world) => {
  describe('values', () => {
    test.each(Object.keys(values))('%s', (name) =>
      // The type whose values get a class of their own is not one of these.
      world.expectKept({
        session: { 1: values[name]() },
        'a-new-type': { 1: { in: values[name]() } },
      }),
    )

    test('nothing is polluted by reading __proto__', async () => {
      const handle = await world.openNew()
      await handle.state.keys.set({ session: { 1: ownProto({ polluted: true }) } })
      const { 1: read } = await handle.state.keys.get('session', ['1'])
      expect(Object.keys(read)).toEqual(['a', '__proto__', 'z'])
      expect(read.polluted).toBeUndefined()
      expect({}.polluted).toBeUndefined()
    })
  })
}
