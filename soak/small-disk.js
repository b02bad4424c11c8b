'use strict'

/**
 * A disk that can be filled: a tmpfs of a few megabytes. Mounting takes root, or sudo without a password; `null` where
 * there is neither.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { giveTo, makeHome, serverUser } = require('../__test__/support/postgres-home')

const SIZE = '24m'
const BLOCK = Buffer.alloc(1 << 16)

const run = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
const asRoot = (...command) => run(...command) || run('sudo', '-n', ...command)

class SmallDisk {
  constructor(home) {
    this.home = home
    /** An empty folder on it, the server's own. */
    this.folder = path.join(home, 'space')
    this.ballast = path.join(home, 'ballast')
    fs.mkdirSync(this.folder)
    giveTo(serverUser(), this.folder)
  }

  /** Leaves no byte free. */
  fill() {
    const file = fs.openSync(this.ballast, 'a')
    try {
      for (;;) fs.writeSync(file, BLOCK)
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error
    } finally {
      fs.closeSync(file)
    }
  }

  /** Gives back what `fill` took. */
  free() {
    fs.rmSync(this.ballast, { force: true })
  }

  /** To be called when nothing uses it any more. */
  remove() {
    asRoot('umount', '-l', this.home)
    fs.rmdirSync(this.home)
  }
}

function mountSmallDisk() {
  const user = serverUser()
  const home = makeHome(user)
  const owner = `uid=${user.uid ?? process.getuid?.()},gid=${user.gid ?? process.getgid?.()}`
  const options = `size=${SIZE},mode=700,${owner}`
  if (
    process.platform === 'linux' &&
    asRoot('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', home)
  ) {
    return new SmallDisk(home)
  }
  fs.rmdirSync(home)
  return null
}

module.exports = { mountSmallDisk }
