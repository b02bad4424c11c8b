'use strict'

const { createRequire } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { SessionStoreError } = require('./errors.js')

const NAMES = ['baileys', '@whiskeysockets/baileys']

let loading

/**
 * The Baileys module: the one that was injected, else the installed one. Loaded when first needed; it is an ES module,
 * so it is imported, or required where importing is not possible (Jest without its flag for ES modules).
 */
async function loadBaileys(injected) {
  if (injected !== undefined) return requireParts(injected)
  loading ??= find()
  try {
    return await loading
  } catch (error) {
    // It may be installed by the next call.
    loading = undefined
    throw error
  }
}

async function find() {
  const here = createRequire(__filename)
  // A linked package does not see the application's modules from where it lies, but from where the process runs.
  const application = createRequire(path.join(process.cwd(), 'package.json'))
  const failures = []
  for (const name of NAMES) {
    for (const load of [
      () => import(name),
      () => import(pathToFileURL(application.resolve(name)).href),
      () => here(name),
    ]) {
      try {
        return requireParts(await load())
      } catch (error) {
        failures.push(error)
      }
    }
  }
  // The first failure that is not plain absence says most: a Baileys that is there and does not load.
  const cause = failures.find((error) => !/MODULE_NOT_FOUND/.test(error?.code)) ?? failures[0]
  throw new SessionStoreError(
    'ERR_BAILEYS_NOT_FOUND',
    'no usable Baileys was found; install baileys or @whiskeysockets/baileys, or give it as the option `baileys`',
    { operation: 'open', cause },
  )
}

function requireParts(module) {
  try {
    const baileys = typeof module.initAuthCreds === 'function' ? module : module.default
    const { initAuthCreds, proto } = baileys
    if (
      typeof initAuthCreds === 'function' &&
      typeof proto.Message.AppStateSyncKeyData.fromObject === 'function'
    ) {
      return { initAuthCreds: () => freshCreds(initAuthCreds), proto }
    }
  } catch {
    // Something in it cannot be read: it is not Baileys either.
  }
  throw notBaileys('it lacks initAuthCreds or proto.Message.AppStateSyncKeyData')
}

function freshCreds(initAuthCreds) {
  const creds = initAuthCreds()
  if (typeof creds !== 'object' || creds === null)
    throw notBaileys('its initAuthCreds gives no credentials')
  return creds
}

function notBaileys(reason) {
  return new SessionStoreError(
    'ERR_BAILEYS_NOT_FOUND',
    `the given module is not Baileys: ${reason}`,
    {
      operation: 'open',
    },
  )
}

module.exports = { loadBaileys }
