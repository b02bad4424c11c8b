'use strict'

// Values and arguments that nobody should pass, but somebody will.

const throwing =
  (error = new Error('thrown by a value')) =>
  () => {
    throw error
  }

/** Nested so deep that no recursion gets to the end of it. */
function deep(wrap, depth = 200_000) {
  let value = 0
  for (let i = 0; i < depth; i++) value = wrap(value)
  return value
}

function circular() {
  const value = { list: [] }
  value.list.push({ back: value })
  return value
}

/** A typed array whose memory was given away. */
function detached() {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** A proxy each of whose traps throws. */
function trapped(target) {
  const trap = throwing()
  return new Proxy(target, new Proxy({}, { get: () => trap }))
}

/** Record values that cannot be stored: JSON text cannot be made of them, or could not be read again. */
const refusedValues = {
  'a circular object': circular,
  'a circular array': () => {
    const list = []
    list.push([list])
    return list
  },
  'a BigInt': () => 1n,
  'a BigInt inside': () => ({ list: [{ n: 1n }] }),
  'a boxed BigInt': () => Object(1n),
  'arrays nested 200,000 deep': () => deep((inner) => [inner]),
  'objects nested 200,000 deep': () => deep((inner) => ({ inner })),
  'nesting of 200,000 levels that toJSON makes': () => ({ toJSON: () => deep((inner) => [inner]) }),
  'an endless toJSON': () => {
    const endless = { toJSON: () => ({ next: endless }) }
    return endless
  },
  'one level too many': () => deep((inner) => [inner], 1_001),
  'a toJSON that throws': () => ({ toJSON: throwing() }),
  'a toJSON that throws nothing in particular': () => ({ toJSON: throwing(undefined) }),
  'a toJSON that throws deep inside': () => ({ list: [{ toJSON: throwing() }] }),
  'a getter that throws': () =>
    Object.defineProperty({}, 'a', { enumerable: true, get: throwing() }),
  'a getter that throws a revoked proxy': () => ({
    get a() {
      throw revoked({})
    },
  }),
  'a function': () => () => 1,
  'a class': () => class Key {},
  'a symbol': () => Symbol('s'),
  'a toJSON that gives nothing': () => ({ toJSON: () => undefined }),
  'a look-alike of a Buffer without data': () => ({ type: 'Buffer' }),
  'a look-alike of a Buffer with a number': () => ({ type: 'Buffer', data: 7 }),
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of an array': () => revoked([]),
  'a proxy whose traps throw': () => trapped({}),
  'a proxy whose traps throw, inside': () => ({ list: [trapped({})] }),
}

/** Arguments of any kind, for any function. Each is made anew where it could be worn out. */
const hostileArguments = {
  ...refusedValues,
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  '-1': () => -1,
  0.5: () => 0.5,
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  'a number past 2^53': () => 2 ** 64,
  'an empty string': () => '',
  'a string of blanks': () => '   ',
  'a string with NUL': () => 'a\u0000b',
  'a lone surrogate': () => '\ud800',
  'a megabyte of text': () => 'x'.repeat(1_000_000),
  'text of 3 bytes a character': () => '\uffff'.repeat(300_000),
  'the name __proto__': () => '__proto__',
  'a boxed string': () => Object('boxed'),
  'a boxed symbol': () => Object(Symbol('s')),
  'an empty object': () => ({}),
  'an object without a prototype': () => Object.create(null),
  'an empty array': () => [],
  'an array of undefined': () => [undefined],
  'an array of everything': () => [null, 1, {}, [], Symbol('s'), 1n, () => 1, '\ud800'],
  '200,000 numbers': () => new Array(200_000).fill(7),
  '50,000 ids': () => Array.from({ length: 50_000 }, (_, i) => String(i)),
  'an object that says it is an array': () => ({ length: 2 ** 40, 0: 'a' }),
  'an array whose elements throw': () =>
    Object.defineProperty(['a', 'b'], '1', { get: throwing() }),
  'an endless iterator': () => ({
    *[Symbol.iterator]() {
      for (;;) yield 'a'
    },
  }),
  'a hostile toString': () => ({ toString: throwing(), valueOf: throwing() }),
  'a hostile Symbol.toPrimitive': () => ({ [Symbol.toPrimitive]: throwing() }),
  'a toString that gives an object': () => ({ toString: () => ({}) }),
  // biome-ignore lint/suspicious/noThenProperty: that it is taken for a promise is the point
  'a thenable that throws': () => ({ then: throwing() }),
  'a promise that rejects': () => {
    const promise = Promise.reject(new Error('rejected'))
    promise.catch(() => {})
    return promise
  },
  'a revoked function': () => revoked(() => 1),
  'a function whose traps throw': () => trapped(() => 1),
  'an array whose traps throw': () => trapped(['a']),
  'a Date': () => new Date(Number.NaN),
  'a RegExp': () => /x/g,
  'an Error': () => new Error('x'),
  'a Map and a WeakMap': () => [new Map([[1, 2]]), new WeakMap()],
  'a Buffer': () => Buffer.from('bytes'),
  'a detached array': detached,
  'an object with a detached array': () => ({ bytes: detached() }),
  'a view of shared memory': () => new Uint8Array(new SharedArrayBuffer(16), 4, 8),
  'a view that a resize cut off': () => {
    const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
    const bytes = new Uint8Array(buffer, 32)
    buffer.resize(8)
    return bytes
  },
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a DataView': () => new DataView(new ArrayBuffer(8), 4),
  'a Float64Array': () => new Float64Array([Number.NaN, 1e300]),
  'a BigInt64Array': () => new BigInt64Array(2),
  'WebAssembly memory': () => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 10, 5),
  'the global object': () => globalThis,
  'a generator': () =>
    (function* endless() {
      for (;;) yield 1
    })(),
}

/** Lists of ids that no loop gets to the end of. */
const endlessLists = {
  'a sparse array of 2^32 - 1': () => Object.assign([], { length: 2 ** 32 - 1 }),
  'an array that says it is as long': () =>
    new Proxy([], { get: (list, key) => (key === 'length' ? 2 ** 32 - 1 : list[key]) }),
}

module.exports = { endlessLists, refusedValues, hostileArguments }
