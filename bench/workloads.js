'use strict'

/**
 * What is written: session records as Baileys makes them, about 1 KB each.
 *
 * data/session-records.json holds 50 of them, from 50 contacts. They come from a recorded run of Baileys 7.0.0-rc14 with
 * 200 simulated contacts: of each contact the first value handed to `keys.set` that has one session and a JSON text of
 * 900 to 1,300 characters; of those contacts every fourth. All keys were generated for the recording.
 */

const SAMPLES = require('./data/session-records.json')

/** The id of a contact's session record: `user.device`. */
const contactId = (contact) => `${5511900000000 + contact}.0`

/** A session record for a contact. */
function sessionRecord(contact) {
  const record = structuredClone(SAMPLES[contact % SAMPLES.length])
  const [session] = Object.values(record._sessions)
  const { created } = session.indexInfo
  return {
    record,
    /**
     * Makes it the record as of a given write. `used`, a time in ms, is what Baileys changes at every use; here it counts
     * writes, so that no two values of a contact are alike. In place, as Baileys does, and next to free.
     */
    use(write) {
      session.indexInfo.used = created + write
    },
  }
}

/** The `keys` of an account that has a session with each of `count` contacts, in the original layout. */
function preloadedKeys(count) {
  const keys = {}
  for (let contact = 0; contact < count; contact += 1) {
    keys[`session-${contactId(contact)}`] = sessionRecord(contact).record
  }
  return keys
}

/**
 * One of `callers` callers. It writes to every `callers`-th contact, in turn: no two callers share a record, so that
 * the value which was acknowledged last is the one that has to be stored.
 */
function createCaller(index, { records, callers }) {
  const contacts = []
  for (let contact = index; contact < records; contact += callers) {
    contacts.push({ id: contactId(contact), ...sessionRecord(contact), acknowledged: 0 })
  }
  let writes = 0
  return {
    /** Makes the next write by `set`. */
    async write(set) {
      const contact = contacts[writes % contacts.length]
      writes += 1
      const write = writes
      contact.use(write)
      await set({ session: { [contact.id]: contact.record } })
      contact.acknowledged = write
    },

    /** Id and JSON text of what has to be stored, of every record that was written. */
    acknowledged: () =>
      contacts
        .filter(({ acknowledged }) => acknowledged > 0)
        .map(({ id, record, use, acknowledged }) => {
          use(acknowledged)
          return [id, JSON.stringify(record)]
        }),
  }
}

module.exports = { createCaller, preloadedKeys }
