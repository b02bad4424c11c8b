#!/usr/bin/env node
'use strict'

/** The command: `npx baileys-postgres-auth`. Its exit status is in `exit-status.js`. */

const { main } = require('./program.js')

main(process.argv).then((status) => {
  process.exitCode = status
})
