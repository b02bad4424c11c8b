'use strict'

/** Imports folders one after the other; one that cannot be imported stops none of the others. */

const { SessionStoreError } = require('../lib/errors.js')

/** What is wrong with one folder or account. All else, such as a database that is down, is wrong with every one. */
const OF_ONE = new Set([
  'ERR_ACCOUNT_NOT_FOUND',
  'ERR_ARGUMENT',
  'ERR_FOLDER',
  'ERR_IDENTITY_CHANGED',
  'ERR_INTERNAL',
  'ERR_SESSION_CLEARED',
  'ERR_SESSION_EXISTS',
  'ERR_SESSION_SUPERSEDED',
  'ERR_UNREADABLE',
  'ERR_WRONG_SECRET',
])

class ImportRun {
  #store
  #output
  #signal
  #options

  constructor({ store, output, signal }, { replace, skipBroken }) {
    this.#store = store
    this.#output = output
    this.#signal = signal
    this.#options = { replace, skipBroken }
  }

  /** Gives `{ imported, present, failed, unmatched }`. */
  async over({ folders, unmatched, isMany }) {
    const report = { imported: [], present: [], failed: [], unmatched }
    for (const [at, { folder, accountId }] of folders.entries()) {
      this.#signal.throwIfAborted()
      if (isMany) this.#output.progress(at, folders.length, 'sessions')
      try {
        const options = { ...this.#options, resume: isMany }
        const found = await this.#store.importMultiFile(folder, accountId, options)
        if (found.outcome === 'present') report.present.push(accountId)
        else report.imported.push({ folder, ...found })
      } catch (error) {
        if (!isMany && error.files === undefined) throw error
        report.failed.push(failure(error, folder, accountId))
      }
    }
    return report
  }
}

function failure(error, folder, accountId) {
  if (!SessionStoreError.isOurs(error) || !OF_ONE.has(error.code)) throw error
  const { code, message, files } = error
  return { folder, accountId, code, message, ...(files !== undefined && { files }) }
}

module.exports = { ImportRun }
