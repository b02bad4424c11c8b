'use strict'

const { execFile, spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { promisify } = require('node:util')
const { SECRET } = require('../faults/stores')

const MAIN = path.join(__dirname, '../../cli/main.js')

/**
 * Starts a program of Node.js in a process of its own, as from a script: no terminal. `env` has the settings; nothing of this
 * process' environment is one.
 */
function startProgram(args, { cwd, env } = {}) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text
    })
  }
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, ...said }))
  return { child, said, ended }
}

/** Starts the command. */
const start = (args, env) => startProgram([MAIN, ...args], { env })

/** Runs the command to its end; gives `status`, `stdout` and `stderr`. */
const command = (args, env) => start(args, env).ended

/** Runs lines of a page in a shell, in which `npx baileys-postgres-auth` is the command; fails if one of them does. */
const shell = (lines, { cwd, env }) =>
  promisify(execFile)('sh', ['-ec', `npx() { shift; "$NODE" "$MAIN" "$@"; }\n${lines}`], {
    cwd,
    env: { PATH: process.env.PATH, MAIN, NODE: process.execPath, ...env },
  })

/** The settings for a database. */
const settings = (db, secret = SECRET) => ({
  DATABASE_URL: db.url,
  WHATSAPP_SESSION_SECRET: secret,
  BAILEYS_AUTH_LAYOUT: db.layout,
})

module.exports = { command, settings, shell, start, startProgram }
