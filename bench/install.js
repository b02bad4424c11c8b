'use strict'

/** Installs the stores that the benchmark compares with, if they are not there. */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** npm itself tells its scripts where it is; without it, it is found on the path. */
function npm(args) {
  const cli = process.env.npm_execpath
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []]
  return spawnSync(command, [...first, ...args], { stdio: 'inherit', shell: !cli })
}

/** Installs the versions of the lockfile. */
function installRivals() {
  if (fs.existsSync(path.join(__dirname, 'node_modules'))) return
  const { status } = npm(['ci', '--prefix', __dirname, '--no-audit', '--no-fund'])
  if (status !== 0) throw new Error('the stores to compare with could not be installed')
}

module.exports = { installRivals }
