'use strict'

const {
  decryptData,
  deserializeBuffers,
  encryptData,
  serializeBuffers,
  SessionStoreError,
} = require('../../index')
const original = require('./original')
const { vectors } = require('./vectors')

const secrets = [
  'an-example-secret-of-good-length',
  'an-example-secret-of-good-length é',
  '0123456789abcdef',
  '   sixteen blanks',
  'x'.repeat(1_000),
]
const texts = {
  'of a session': vectors[2].plaintext,
  'that is empty': '',
  'with letters of every length in UTF-8': 'aé€😀\u0000\u007f\u2028',
  'of 3 MB': '{"a":"é"}'.repeat(300_000),
}

describe('encryptData and decryptData against node:crypto', () => {
  test.each(secrets.map((secret) => [secret.slice(0, 40), secret]))('secret %j', (_, secret) => {
    for (const text of Object.values(texts)) {
      expect(original.decrypt(encryptData(text, secret), secret)).toBe(text)
      expect(decryptData(original.encrypt(text, secret), secret)).toBe(text)
      expect(decryptData(encryptData(text, secret), secret)).toBe(text)
    }
  })

  test.each(vectors)('the vector: $name', ({ secret, plaintext, session_data }) => {
    expect(decryptData(JSON.parse(session_data), secret)).toBe(plaintext)
    expect(original.decrypt(JSON.parse(session_data), secret)).toBe(plaintext)
  })

  test('the three parts are lower-case hex of the original lengths', () => {
    const sealed = encryptData('é', secrets[0])
    expect(Object.keys(sealed)).toEqual(['iv', 'authTag', 'encrypted'])
    expect(sealed.iv).toMatch(/^[0-9a-f]{24}$/)
    expect(sealed.authTag).toMatch(/^[0-9a-f]{32}$/)
    expect(sealed.encrypted).toMatch(/^[0-9a-f]{4}$/)
  })

  test('the same text is never sealed twice in the same way', () => {
    const sealed = Array.from({ length: 1_000 }, () => encryptData('text', secrets[0]))
    expect(new Set(sealed.map(({ iv }) => iv)).size).toBe(1_000)
    expect(new Set(sealed.map(({ encrypted }) => encrypted)).size).toBe(1_000)
  })

  const sealed = () => original.encrypt('text', secrets[0])
  const refused = {
    'another secret': () => decryptData(sealed(), secrets[2]),
    'a changed tag': () => decryptData({ ...sealed(), authTag: '0'.repeat(32) }, secrets[0]),
    'a tag that was cut': () => {
      const parts = sealed()
      return decryptData({ ...parts, authTag: parts.authTag.slice(0, 8) }, secrets[0])
    },
    'a changed nonce': () => decryptData({ ...sealed(), iv: '0'.repeat(24) }, secrets[0]),
    'no hex': () => decryptData({ ...sealed(), encrypted: 'zz' }, secrets[0]),
    nothing: () => decryptData(undefined, secrets[0]),
    'an empty object': () => decryptData({}, secrets[0]),
    'no secret': () => decryptData(sealed(), undefined),
  }
  test.each(Object.keys(refused))('decryptData of %s keeps the original message', (name) => {
    expect(refused[name]).toThrow(SessionStoreError)
    expect(refused[name]).toThrow(/^Session decryption failed$/)
  })

  test.each([
    ['a number', 7, secrets[0]],
    ['nothing', undefined, secrets[0]],
    ['text without a secret', 'text', undefined],
  ])('encryptData of %s keeps the original message', (_, text, secret) => {
    expect(() => encryptData(text, secret)).toThrow(SessionStoreError)
    expect(() => encryptData(text, secret)).toThrow(/^Session encryption failed$/)
  })
})

describe('serializeBuffers and deserializeBuffers against the original', () => {
  const values = {
    'byte arrays at every depth': {
      buffer: Buffer.from('abc'),
      array: new Uint8Array([1, 2, 255]),
      empty: Buffer.alloc(0),
      list: [Buffer.from('x'), [new Uint8Array(3)], { inside: Buffer.from('y') }],
    },
    'views into larger buffers': [
      new Uint8Array(64).fill(7).subarray(10, 20),
      Buffer.alloc(64, 'ab').subarray(3, 8),
    ],
    'what is no byte array': { n: 1, s: 'é😀\u0000', t: true, nothing: null, list: [], o: {} },
    'a session': JSON.parse(vectors[2].plaintext),
    'strings with lone surrogates': { '\ud800': 'a\udc00b' },
    'property order': { z: 1, a: Buffer.from('x'), 10: 2, 9: 3 },
    '__proto__ as a property': JSON.parse('{"__proto__":{"a":1},"b":2}'),
  }

  test.each(Object.keys(values))('%s', (name) => {
    const value = values[name]
    const ours = serializeBuffers(value)
    expect(JSON.stringify(ours)).toBe(JSON.stringify(original.serializeBuffers(value)))
    expect(deserializeBuffers(ours)).toEqual(original.deserializeBuffers(ours))
    // And across: what one wrote the other reads.
    expect(deserializeBuffers(original.serializeBuffers(value))).toEqual(
      original.deserializeBuffers(original.serializeBuffers(value)),
    )
    expect(original.deserializeBuffers(ours)).toEqual(deserializeBuffers(ours))
  })

  test('bytes come back as Buffers', () => {
    const { a } = deserializeBuffers({ a: { type: 'Buffer', data: 'AQID' } })
    expect(Buffer.isBuffer(a)).toBe(true)
    expect(a).toEqual(Buffer.from([1, 2, 3]))
  })

  test('the value that was handed over is not changed', () => {
    const value = { a: Buffer.from('abc'), list: [new Uint8Array(2)] }
    const serialized = serializeBuffers(value)
    expect(Buffer.isBuffer(value.a)).toBe(true)
    deserializeBuffers(serialized)
    expect(serialized.a).toEqual({ type: 'Buffer', data: 'YWJj' })
  })

  test.each([null, undefined, 7, 'text', true])('%p is itself', (value) => {
    expect(serializeBuffers(value)).toBe(value)
    expect(deserializeBuffers(value)).toBe(value)
  })
})
