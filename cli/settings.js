'use strict'

/** A store's options, as the command line has them. */

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { SessionStoreError } = require('../index.js')

/** The options of a store; what the environment has is filled in by the store itself. */
async function readSettings({ dotenv, config, layout, schema }) {
  if (dotenv !== undefined) loadEnvironment(dotenv)
  const settings = config === undefined ? {} : await loadConfig(config)
  return {
    ...settings,
    ...(layout !== undefined && { layout }),
    ...(schema !== undefined && { schema }),
  }
}

function loadEnvironment(file) {
  if (process.loadEnvFile === undefined) {
    throw new SessionStoreError('ERR_CONFIG', '--dotenv needs Node.js 20.12 or newer')
  }
  try {
    process.loadEnvFile(file)
  } catch (error) {
    throw unreadable('--dotenv', file, error)
  }
}

async function loadConfig(file) {
  const url = pathToFileURL(path.resolve(file)).href
  let loaded
  try {
    loaded = file.endsWith('.json') ? require(path.resolve(file)) : await import(url)
  } catch (error) {
    throw unreadable('--config', file, error)
  }
  const settings = loaded.default ?? loaded
  if (typeof settings !== 'object' || settings === null) {
    throw new SessionStoreError('ERR_CONFIG', `--config: ${file} does not export an object`)
  }
  return settings
}

/** Not what the error says: it may quote the file. */
function unreadable(option, file, error) {
  const reason = error.code ?? error.name
  return new SessionStoreError('ERR_CONFIG', `${option}: ${file} cannot be read (${reason})`)
}

module.exports = { readSettings }
