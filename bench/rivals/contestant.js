'use strict'

/** A store that takes part in a workload: its process, and a database and a folder of its own. */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createDatabase } = require('../../__test__/support/database')
const { startContender } = require('../contender')

const SECRET = 'an-example-secret-of-good-length'
const AGENT = 'rivals/agent.js'

class Contestant {
  rounds = []

  /** Makes the database and starts the process, which creates the store and opens nothing yet. */
  static async enter(entry, { accountIds, label = entry.label, execArgv } = {}) {
    const contestant = new Contestant()
    contestant.entry = entry
    contestant.label = label
    contestant.db = await createDatabase()
    contestant.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-'))
    await require(entry.module).prepare?.(contestant.db, accountIds)
    await contestant.start({ execArgv })
    return contestant
  }

  async start({ execArgv } = {}) {
    const { module, options } = this.entry
    const place = { databaseUrl: this.db.url, secret: SECRET, directory: this.directory }
    this.process = startContender(
      AGENT,
      { module, options: { ...options, ...place } },
      { execArgv },
    )
    await this.call('create')
  }

  call(method, args) {
    return this.process.call(method, args)
  }

  /** Closes the store and ends its process. */
  async end() {
    await this.call('close')
    await this.process.stop()
  }

  /** Another process, which knows of the accounts only what is stored. */
  async restart(options) {
    await this.end()
    await this.start(options)
  }

  /** What the report tells of it. */
  result() {
    const { entry, label, figures, lost } = this
    return {
      name: entry.name,
      isRival: entry.isRival,
      label,
      shortLabel: entry.label,
      figures,
      lost,
    }
  }

  async leave() {
    await this.process.stop()
    await this.db.drop()
    fs.rmSync(this.directory, { recursive: true })
  }
}

module.exports = { Contestant }
