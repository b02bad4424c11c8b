'use strict'

/** A folder of folders, each of which holds an account's session. */

const fs = require('node:fs')
const path = require('node:path')
const { SessionStoreError, argumentError } = require('../lib/errors.js')

/**
 * The folders in a root and the accounts that they are of, in the order of their names, and those whose name is not of the
 * pattern. Whatever is no folder, or empty, is none.
 */
function accountFolders(root, pattern = '.+') {
  const isOfPattern = compile(pattern)
  const [folders, unmatched] = [[], []]
  for (const name of names(root)) {
    const match = isOfPattern.exec(name)
    if (match === null) unmatched.push(name)
    else folders.push({ folder: path.join(root, name), accountId: match[1] ?? match[0] })
  }
  requireDistinct(folders)
  return { folders, unmatched }
}

function compile(pattern) {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su')
  } catch {
    throw argumentError(`--account-pattern: ${pattern} is not a regular expression`)
  }
}

function names(root) {
  try {
    const entries = fs.readdirSync(root, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && !isEmpty(path.join(root, entry.name)))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    throw new SessionStoreError(
      'ERR_FOLDER',
      `the folder ${root} cannot be read (${error.code ?? error.name})`,
    )
  }
}

/** Baileys makes a folder when it asks for it, whether or not anything comes of it. */
const isEmpty = (folder) => fs.readdirSync(folder).length === 0

function requireDistinct(folders) {
  const seen = new Map()
  for (const { folder, accountId } of folders) {
    const other = seen.get(accountId)
    if (other !== undefined) {
      throw argumentError(
        `--account-pattern makes ${other} and ${folder} one account, ${JSON.stringify(accountId)}; nothing was imported`,
      )
    }
    seen.set(accountId, folder)
  }
}

module.exports = { accountFolders }
