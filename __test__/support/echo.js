'use strict'

// Prints what it is told, and ends.

process.stdout.write(process.env.ECHO)
process.disconnect()
