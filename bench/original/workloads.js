'use strict'

/** What is written to an account, and by whom. */

const { contactId, sessionRecord, use } = require('../records')

/** The `keys` of an account that has a session with each of `count` contacts, in the original layout. */
function preloadedKeys(count) {
  const keys = {}
  for (let contact = 0; contact < count; contact += 1) {
    keys[`session-${contactId(contact)}`] = sessionRecord(contact)
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
    contacts.push({ id: contactId(contact), record: sessionRecord(contact), acknowledged: 0 })
  }
  let writes = 0
  return {
    /** Makes the next write by `set`. */
    async write(set) {
      const contact = contacts[writes % contacts.length]
      writes += 1
      const write = writes
      use(contact.record, write)
      await set({ session: { [contact.id]: contact.record } })
      contact.acknowledged = write
    },

    /** Id and JSON text of what has to be stored, of every record that was written. */
    acknowledged: () =>
      contacts
        .filter(({ acknowledged }) => acknowledged > 0)
        .map(({ id, record, acknowledged }) => {
          use(record, acknowledged)
          return [id, JSON.stringify(record)]
        }),
  }
}

module.exports = { createCaller, preloadedKeys }
