// The server's side of Noise_XX_25519_AESGCM_SHA256, as the client's `makeNoiseHandler` speaks it.

// Baileys' own is asynchronous in some of its versions.
import { hkdfSync } from 'node:crypto'
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from 'baileys'

const NOTHING = Buffer.alloc(0)

const nonceOf = (counter) => {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(counter, 8)
  return nonce
}

/** One direction of the encrypted stream. */
class Cipher {
  #key
  #counter = 0

  constructor(key) {
    this.#key = key
  }

  encrypt(plaintext) {
    return aesEncryptGCM(plaintext, this.#key, nonceOf(this.#counter++), NOTHING)
  }

  decrypt(ciphertext) {
    return aesDecryptGCM(ciphertext, this.#key, nonceOf(this.#counter++), NOTHING)
  }
}

/** One handshake: `hello`, then `finish`, which gives who the client is and the two directions of the stream. */
export class Handshake {
  #identity
  #ephemeral = Curve.generateKeyPair()
  #hash = Buffer.from(NOISE_MODE)
  #salt = this.#hash
  #key = this.#hash
  #counter = 0

  /** @param identity the server's `keyPair`, and the `certificate` that vouches for it */
  constructor(identity) {
    this.#identity = identity
    this.#authenticate(NOISE_WA_HEADER)
  }

  /** The answer to the client's first frame. */
  hello(frame) {
    const { clientHello } = proto.HandshakeMessage.decode(frame)
    const { keyPair, certificate } = this.#identity
    this.#authenticate(clientHello.ephemeral)
    this.#authenticate(this.#ephemeral.public)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, clientHello.ephemeral))
    const sealedKey = this.#encrypt(keyPair.public)
    this.#mix(Curve.sharedKey(keyPair.private, clientHello.ephemeral))
    const payload = this.#encrypt(certificate)
    const serverHello = { ephemeral: this.#ephemeral.public, static: sealedKey, payload }
    return proto.HandshakeMessage.encode({ serverHello }).finish()
  }

  /** Takes the client's second frame: its long-term key, which it has proved to have, and what it asks for. */
  finish(frame) {
    const { clientFinish } = proto.HandshakeMessage.decode(frame)
    const noiseKey = this.#decrypt(clientFinish.static)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, noiseKey))
    const payload = proto.ClientPayload.decode(this.#decrypt(clientFinish.payload))
    const [received, sent] = this.#derive(NOTHING)
    return { noiseKey, payload, received: new Cipher(received), sent: new Cipher(sent) }
  }

  #authenticate(data) {
    this.#hash = sha256(Buffer.concat([this.#hash, data]))
  }

  #derive(secret) {
    const keys = Buffer.from(hkdfSync('sha256', secret, this.#salt, NOTHING, 64))
    return [keys.subarray(0, 32), keys.subarray(32)]
  }

  #mix(secret) {
    ;[this.#salt, this.#key] = this.#derive(secret)
    this.#counter = 0
  }

  #encrypt(plaintext) {
    const sealed = aesEncryptGCM(plaintext, this.#key, nonceOf(this.#counter++), this.#hash)
    this.#authenticate(sealed)
    return sealed
  }

  #decrypt(sealed) {
    const plaintext = aesDecryptGCM(sealed, this.#key, nonceOf(this.#counter++), this.#hash)
    this.#authenticate(sealed)
    return plaintext
  }
}
