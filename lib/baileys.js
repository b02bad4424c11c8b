'use strict'

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { failed, judgeVersion, ok } = require('./diagnosis.js')
const { SessionStoreError } = require('./errors.js')

const NAMES = ['baileys', '@whiskeysockets/baileys']

let loading

/**
 * The Baileys module: the one that was injected, else the installed one. Loaded when first needed; it is an ES module,
 * so it is imported, or required where importing is not possible (Jest without its flag for ES modules).
 */
async function loadBaileys(injected) {
  if (injected !== undefined) return requireParts(injected)
  return (await installed()).parts
}

async function installed() {
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
      () => [here, import(name)],
      () => [application, import(pathToFileURL(application.resolve(name)).href)],
      () => [here, here(name)],
    ]) {
      try {
        const [from, module] = load()
        return { parts: requireParts(await module), version: versionOf(from, name) }
      } catch (error) {
        failures.push(error)
      }
    }
  }
  // The first failure that is not plain absence says most: a Baileys that is there and does not load.
  const cause = failures.find((error) => !isAbsence(error)) ?? failures[0]
  throw new SessionStoreError(
    'ERR_BAILEYS_NOT_FOUND',
    'no usable Baileys was found; npm install baileys (or @whiskeysockets/baileys), or give it as the option `baileys`',
    { operation: 'open', cause },
  )
}

/** The version that stands in the package that a module is of; null if that cannot be found out. */
function versionOf(from, name) {
  try {
    let folder = path.dirname(from.resolve(name))
    for (;;) {
      const file = path.join(folder, 'package.json')
      const version = fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')).version
      if (version) return version
      const above = path.dirname(folder)
      if (above === folder) return null
      folder = above
    }
  } catch {
    return null
  }
}

/** Whether there is a Baileys, and one that this package goes with. */
async function checkBaileys(injected) {
  try {
    await loadBaileys(injected)
    if (injected !== undefined) return ok('baileys', 'the module that was given as an option')
    const { version } = await installed()
    return version === null ? ok('baileys', 'one of an unknown version') : judgeVersion(version)
  } catch (error) {
    const { cause } = error
    if (injected !== undefined || !cause || isAbsence(cause)) {
      const found = injected === undefined ? 'none is installed here' : error.message
      return failed('baileys', found, 'npm install baileys (or @whiskeysockets/baileys)')
    }
    return failed(
      'baileys',
      `it is installed, and does not load (${cause.code ?? cause.name})`,
      'load it alone, to see why: node -e "import(\'baileys\')"',
    )
  }
}

const isAbsence = (error) => /MODULE_NOT_FOUND/.test(error?.code)

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

module.exports = { checkBaileys, loadBaileys }
