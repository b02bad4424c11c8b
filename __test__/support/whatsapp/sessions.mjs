// Where a client keeps its session: this package, in either layout, or the folder of files that Baileys comes with.

import fs from 'node:fs/promises'
import path from 'node:path'
import { createSessionStore } from '../../../index.js'

/** In a database; `layout` and the rest stand in the environment. */
function inDatabase(baileys, account, onSuperseded) {
  const store = createSessionStore({ baileys, onSuperseded })
  return {
    open: () => store.useAuthState(account),
    clear: () => store.clear(account),
    close: () => store.close(),
  }
}

/** As Baileys' own documentation has it. */
function inFiles(baileys, folder) {
  return {
    open: () => baileys.useMultiFileAuthState(folder),
    clear: () => fs.rm(folder, { recursive: true, force: true, maxRetries: 10 }),
    close: async () => {},
  }
}

export function sessionsOf(baileys, { account, folder, onSuperseded }) {
  return folder
    ? inFiles(baileys, path.join(folder, account))
    : inDatabase(baileys, account, onSuperseded)
}
