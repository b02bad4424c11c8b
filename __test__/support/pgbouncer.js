'use strict'

/** A PgBouncer of its own in transaction mode, from the system's package, in front of a server of the tests. */

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { Client } = require('pg')
const { Guard } = require('./guard')
const { pickPort } = require('./postgres')
const { giveTo, makeHome, serverUser } = require('./postgres-home')

const HOST = '127.0.0.1'
const READY = 'process up: PgBouncer'
const PORT_ATTEMPTS = 20
/** The database by which it takes commands. */
const ADMIN = '/pgbouncer'

/** Whether the system has a PgBouncer. Debian keeps it where only root looks. */
function findPgBouncer() {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ]
  return folders.map((folder) => path.join(folder, 'pgbouncer')).find((file) => fs.existsSync(file))
}

function requirePgBouncer() {
  const program = findPgBouncer()
  if (program) return program
  throw new Error('PgBouncer is not installed: on Debian and Ubuntu, `apt-get install pgbouncer`')
}

class PgBouncer {
  host = HOST
  #program = requirePgBouncer()
  #server
  #settings
  #runAs = serverUser()
  #home = makeHome(this.#runAs)
  #guard = new Guard(this.#home)
  #log = ''

  constructor(serverUrl, settings) {
    this.#server = new URL(serverUrl)
    this.#settings = settings
  }

  /** What it says of itself, such as `PgBouncer 1.18.0`. */
  get version() {
    return spawnSync(this.#program, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]
  }

  /** The same connection string, by way of this pooler. */
  url(databaseUrl) {
    const url = new URL(databaseUrl)
    url.host = `${HOST}:${this.port}`
    return url.href
  }

  /** One of its own commands, such as `SHOW POOLS`: the rows that it answers. */
  async ask(command) {
    const url = new URL(this.url(this.#server.href))
    url.pathname = ADMIN
    const client = new Client({ connectionString: url.href })
    await client.connect()
    try {
      return (await client.query(command)).rows
    } finally {
      await client.end()
    }
  }

  async start() {
    for (let attempt = 1; ; attempt++) {
      this.port = await pickPort()
      this.#configure()
      const problem = await this.#run()
      if (!problem) return
      if (attempt === PORT_ATTEMPTS || !/in use/.test(problem)) {
        await this.stop()
        throw new Error(`PgBouncer did not start:\n${problem}`)
      }
    }
  }

  /** Ends it, and all connections by way of it. */
  stop() {
    return this.#guard.end()
  }

  #write(name, lines) {
    const file = path.join(this.#home, name)
    fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
    giveTo(this.#runAs, file)
    return file
  }

  #configure() {
    const { hostname, port, username, password } = this.#server
    const settings = {
      listen_addr: HOST,
      listen_port: this.port,
      unix_socket_dir: '',
      pool_mode: 'transaction',
      default_pool_size: 5,
      max_client_conn: 1_000,
      // A role logs in to it as it does to the server, whose verifier it uses there.
      auth_type: 'scram-sha-256',
      auth_file: this.#write('users', [`"${username}" "${decodeURIComponent(password)}"`]),
      auth_user: username,
      admin_users: username,
      // A server that was away is tried again after so many seconds, 15 if nothing is said.
      server_login_retry: 1,
      ...this.#settings,
    }
    this.#write('pgbouncer.ini', [
      '[databases]',
      `* = host=${hostname} port=${port}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    ])
  }

  /** Starts it; gives what it said if it ended. */
  async #run() {
    this.#log = ''
    const child = spawn(this.#program, [path.join(this.#home, 'pgbouncer.ini')], {
      ...this.#runAs,
      cwd: this.#home,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#guard.watch(child)
    const problem = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', () => resolve(this.#log))
      child.stderr.setEncoding('utf8').on('data', (text) => {
        this.#log = (this.#log + text).slice(-4_000)
        if (this.#log.includes(READY)) resolve()
      })
    })
    child.unref()
    child.stderr.unref()
    return problem
  }
}

/**
 * Starts one in front of the server of this connection string, which names a superuser. It ends with `stop()` or with
 * this process. `settings`: of its configuration file, beside or instead of 5 server connections for each database.
 */
async function startPgBouncer(serverUrl, settings = {}) {
  const pooler = new PgBouncer(serverUrl, settings)
  await pooler.start()
  return pooler
}

const started = new Map()

/**
 * Where the tests are to run through a pooler, the same connection string by way of one; else as it is. The environment
 * names the pooler of the server that all tests share; a server of a test's own gets one that ends with the process.
 */
async function throughPooler(databaseUrl) {
  if (!process.env.TEST_POOLER) return databaseUrl
  const { host } = new URL(databaseUrl)
  const [pooled, pooler] = process.env.TEST_POOLER.split('=')
  if (host === pooled) return databaseUrl.replace(host, pooler)
  if (!started.has(host)) started.set(host, startPgBouncer(databaseUrl))
  return (await started.get(host)).url(databaseUrl)
}

/** Has tests of this and of processes that it starts run through a pooler. */
async function poolAll(serverUrl) {
  const pooler = await startPgBouncer(serverUrl)
  process.env.TEST_POOLER = `${new URL(serverUrl).host}=${pooler.host}:${pooler.port}`
  return pooler
}

module.exports = { poolAll, startPgBouncer, throughPooler }
