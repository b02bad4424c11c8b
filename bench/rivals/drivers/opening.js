'use strict'

/** Many accounts that are opened at once, as a backend does when it starts. */

const { accountId, contactId } = require('../../records')
const { forEach, openFilled } = require('./filling')

/** Fills accounts, which stay in the database. */
const fillAccounts = (store, { accounts, records }) =>
  forEach(
    Array.from({ length: accounts }, (_, number) => accountId(number)),
    (id) => openFilled(store, id, records),
  )

/** Opens an account and reads one of its records. */
async function openAndRead(store, number, contact) {
  const { state } = await store.open(accountId(number))
  const id = contactId(contact)
  const { [id]: record } = await state.keys.get('session', [id])
  if (!record) throw new Error('an account was opened without its records')
}

/** Opens all but the first account at once, and reads a record of each. */
async function openAll(store, { accounts, records }) {
  const numbers = Array.from({ length: accounts - 1 }, (_, index) => index + 1)
  await Promise.all(numbers.map((number) => openAndRead(store, number, number % records)))
  return numbers.length
}

module.exports = { fillAccounts, openAll, openAndRead }
