'use strict'

/**
 * What is written: session records as Baileys makes them, about 1 KB each, and pre-keys.
 *
 * data/session-records.json holds 50 records of 50 contacts. They come from a recorded run of Baileys 7.0.0-rc14 with
 * 200 simulated contacts: of each contact the first value handed to `keys.set` that has one session and a JSON text of
 * 900 to 1,300 characters; of those contacts every fourth. All keys were generated for the recording.
 */

const { generateKeyPairSync, createHash } = require('node:crypto')

const SAMPLES = require('./data/session-records.json')

/** The length of a raw X25519 key, which ends both of its encodings. */
const KEY_BYTES = 32

/** The id of a contact's session record: `user.device`. */
const contactId = (contact) => `${5511900000000 + contact}.0`

const indexInfoOf = (record) => Object.values(record._sessions)[0].indexInfo

/** A contact's session record, as of before the first write. */
function sessionRecord(contact) {
  const record = structuredClone(SAMPLES[contact % SAMPLES.length])
  use(record, 0)
  return record
}

/**
 * Makes a record the one of a given write. `used`, a time in ms, is what Baileys changes at every use; here it counts
 * writes, so that no two values of a contact are alike. In place, as Baileys does, and next to free.
 */
function use(record, write) {
  const info = indexInfoOf(record)
  info.used = info.created + write
}

/** Which write a record is of. */
function writeOf(record) {
  const { used, created } = indexInfoOf(record)
  return used - created
}

/** A pre-key as Baileys makes it. */
function preKey() {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return {
    private: Buffer.from(privateKey.subarray(-KEY_BYTES)),
    public: Buffer.from(publicKey.subarray(-KEY_BYTES)),
  }
}

/** The account with a given number: a UUID, as a backend's accounts table has it. */
function accountId(number) {
  const digest = createHash('sha256').update(`account ${number}`).digest('hex')
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

module.exports = { accountId, contactId, preKey, sessionRecord, use, writeOf }
