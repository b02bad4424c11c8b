'use strict'

// A second instance of the example backend, in a process of its own: run by `startChild`.

const { once } = require('node:events')
const { Pool } = require('pg')
const { serve } = require('../support/child')
const { startBackend } = require('./backend')

let backend
let pool

serve({
  /** Connects the account, and gives the identity that it is connected as. */
  async connect(databaseUrl, accountId) {
    pool = new Pool({ connectionString: databaseUrl, max: 1 })
    backend = await startBackend(pool, databaseUrl)
    const connected = once(backend.service, 'connected')
    await backend.service.connectAccount(accountId)
    const socket = await backend.whatsApp.socket(1)
    socket.open()
    await connected
    return socket.creds.me.id
  },
  async shutdown() {
    await backend.service.shutdown()
    await pool.end()
  },
})
