'use strict'

/** Accounts with the records that they have before anything is measured. */

const { contactId, sessionRecord } = require('../../records')

/** How many records a set of the preload has, and how many accounts are worked on at once. */
const FILL_RECORDS = 200
const FILL_ACCOUNTS = 8

/** Runs `work` for every item, `width` at a time. */
async function forEach(items, work, width = FILL_ACCOUNTS) {
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) await work(item, index)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** Writes a session record for every contact below `records`. */
async function fillSessions(keys, records) {
  for (let from = 0; from < records; from += FILL_RECORDS) {
    const session = {}
    for (let contact = from; contact < Math.min(from + FILL_RECORDS, records); contact += 1) {
      session[contactId(contact)] = sessionRecord(contact)
    }
    await keys.set({ session })
  }
}

/** An account with credentials and session records, as it is handed to Baileys. */
async function openFilled(store, id, records) {
  const account = await store.open(id)
  await account.saveCreds()
  await fillSessions(account.state.keys, records)
  return account
}

module.exports = { FILL_RECORDS, forEach, openFilled }
