'use strict'

/** The two packages as they are published: JavaScript, and the native part for this platform. */

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const PROJECT = path.join(__dirname, '..')
const run = (cwd, command, ...args) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Packs a folder; gives the archive's path. */
function pack(folder, into) {
  const [{ filename }] = JSON.parse(
    run(folder, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', into),
  )
  return path.join(into, filename)
}

/** The platform's package around an addon file, such as `baileys-postgres-auth.linux-x64-gnu.node`. */
function packPlatform(addon, into) {
  // Within the project: the tool refuses any other place.
  run(PROJECT, 'npx', 'napi', 'create-npm-dirs')
  const platform = path.basename(addon, '.node').split('.').at(-1)
  const folder = path.join(into, platform)
  fs.cpSync(path.join(PROJECT, 'npm', platform), folder, { recursive: true })
  fs.copyFileSync(addon, path.join(folder, path.basename(addon)))
  const { name } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return { name, archive: pack(folder, into) }
}

/** The main package, with the platform's as an optional dependency: what a release adds for every platform. */
function packMain(platform, into) {
  const archive = pack(PROJECT, into)
  run(into, 'tar', 'xzf', archive)
  const folder = path.join(into, 'package')
  const file = path.join(folder, 'package.json')
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8'))
  manifest.optionalDependencies = { [platform.name]: manifest.version }
  fs.writeFileSync(file, JSON.stringify(manifest))
  return pack(folder, into)
}

/** Makes both archives in a folder. */
function makePackages(addon, into) {
  const platform = packPlatform(addon, into)
  return { main: packMain(platform, into), platform: platform.archive }
}

module.exports = { makePackages }
