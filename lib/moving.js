'use strict'

const path = require('node:path')
const { KINDS, readOptions } = require('./call-options.js')
const { SessionStoreError, argumentError } = require('./errors.js')

const IMPORT = { replace: KINDS.flag, resume: KINDS.flag, skipBroken: KINDS.flag }
const EXPORT = { takeOver: KINDS.flag }

/** Makes a folder an account's session; `start` calls the native part. */
async function importMultiFile(folder, accountId, options, start) {
  const operation = 'importMultiFile'
  const {
    replace = false,
    resume = false,
    skipBroken = false,
  } = readOptions(options, IMPORT, operation)
  const at = absolute(folder, operation)
  const { outcome, kinds, ...found } = await start(at, { replace, resume, skipBroken })
  if (outcome === 'refused') throw refused(at, found.broken, operation, accountId)
  return { accountId, outcome, types: byType(kinds), ...found }
}

/** Writes an account's session into a folder; `start` calls the native part. */
async function exportMultiFile(accountId, folder, options, start) {
  const operation = 'exportMultiFile'
  const { takeOver = false } = readOptions(options, EXPORT, operation)
  const at = absolute(folder, operation)
  const { kinds, files, bytes } = await start(at, takeOver)
  return { accountId, folder: at, files, bytes, types: byType(kinds) }
}

function absolute(folder, operation) {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
    throw argumentError('the folder must be a path, a string that is not empty', operation)
  }
  return path.resolve(folder)
}

function refused(folder, files, operation, accountId) {
  const [{ file, reason }] = files
  const others = files.length > 1 ? `, and ${files.length - 1} more (all are in \`files\`)` : ''
  return new SessionStoreError(
    'ERR_FOLDER',
    `a file in ${folder} is broken, so nothing was imported: ${file}: ${reason}${others}; restore it, or ` +
      'leave broken records out (skipBroken), as long as creds.json is none of them',
    { operation, accountId, files },
  )
}

function byType(kinds) {
  return Object.fromEntries(kinds.map(({ kind, records }) => [kind, records]))
}

module.exports = { exportMultiFile, importMultiFile }
