'use strict'

// A backend of its own for the tests to order about; started by `startChild`.

const { createSessionStore } = require('../..')
const { serve } = require('../support/child')

const store = createSessionStore({ schema: process.env.SCHEMA })
const handles = new Map()

serve({
  async open(accountId) {
    handles.set(accountId, await store.useAuthState(accountId))
    return JSON.stringify(handles.get(accountId).state.creds)
  },
  set: (accountId, data) => handles.get(accountId).state.keys.set(data),
  get: (accountId, type, ids) => handles.get(accountId).state.keys.get(type, ids),
  saveCreds(accountId, changes) {
    const { state, saveCreds } = handles.get(accountId)
    Object.assign(state.creds, changes)
    return saveCreds()
  },
  clear: (accountId) => store.clear(accountId),
  close: () => store.close(),
})
