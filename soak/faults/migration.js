'use strict'

const { randomInt } = require('node:crypto')
const { setTimeout: delay } = require('node:timers/promises')
const { Idle } = require('../idle')
const { underLoad } = require('../load')
const { promise } = require('../verdict')
const { Work } = require('../work')
const { inWorld } = require('../world')

/**
 * All sessions are moved to the other layout and back, again and again: those that nobody has open, and those that another
 * process writes to without pause, which opens again what it loses. What moves them is killed in the middle, and so is the
 * owner, in every other round while they move.
 */

const MIGRATION = require.resolve('../migration-process')

const SCALES = {
  short: { rounds: 2, idle: 60 },
  long: { rounds: 100, idle: 500 },
}
const LIVE = 4
const STRANDS = ['one', 'two']
const MOST_KILLS = 3
const OTHER = { rows: 'column', column: 'rows' }

/** Accounts by how many places they have a session in. */
const PLACES = `
  SELECT places, count(*)::int FROM (
    SELECT (session_data IS NOT NULL)::int
      + (SELECT count(*)::int FROM baileys_auth.session WHERE account_id = id) AS places
    FROM whatsapp_accounts
  ) AS account GROUP BY places`

class Migrations {
  figures = {
    'moves of all sessions': 0,
    'kills in the middle of one': 0,
    'kills of the owner': 0,
    'sessions moved': 0,
    'sets acknowledged meanwhile': 0,
    'times that the owner lost an account, and opened it again': 0,
    lost: 0,
    torn: 0,
    'sessions in two places, or in none': 0,
    'sessions left behind': 0,
  }
  #world
  #load
  #idle
  #work
  #writer

  constructor({ world, load, said, idle }) {
    this.#world = world
    this.#load = load
    this.#idle = idle
    this.#work = new Work({ file: MIGRATION, said, changed: ({ moved }) => moved })
  }

  async round(number) {
    const to = OTHER[this.#world.db.layout]
    this.#writer ??= this.#load.start({ reopens: true })
    await this.#writer.begun
    await Promise.all([this.#move(to), number % 2 === 0 ? this.#killOwner() : undefined])
    this.#world.db.layout = to
    await this.#verifyPlaces()
    // The owner goes on, wherever its sessions are by now.
    await this.#writer.begun
    await this.#writer.backAfter(Date.now())
    await this.#load.verifyStored({ goesOn: true })
    await this.#idle.verify(() => this.figures.lost++)
    await this.#verifyNothingToDo(to)
    this.figures['moves of all sessions']++
    this.figures['sets acknowledged meanwhile'] = this.#load.acknowledged
    const { ERR_SESSION_SUPERSEDED: superseded = 0, ...others } = this.#load.refused
    this.figures['times that the owner lost an account, and opened it again'] = superseded
    promise(Object.keys(others).length === 0, 'an owner is refused for nothing else than a move')
  }

  /** Compares all that was acknowledged with what there is, when nobody writes any more. */
  async finish() {
    await this.#writer.kill()
    await this.#load.verifyStored()
  }

  /** Moves all sessions; some times it is killed before. */
  async #move(to) {
    for (let kills = randomInt(1, MOST_KILLS + 1); kills > 0; kills--) {
      const enough = 1 + randomInt(this.#idle.accounts.length / 2)
      const { changed, isDone } = await this.#work.killInTheMiddle(this.#environment(to), enough)
      this.figures['sessions moved'] += changed
      if (isDone) break
      this.figures['kills in the middle of one']++
    }
    const report = await this.#work.run(this.#environment(to))
    this.figures['sessions moved'] += report.moved
    this.figures['sessions left behind'] += report.left
    promise(report.left === 0, 'every session can be moved')
  }

  async #killOwner() {
    await delay(randomInt(300))
    await this.#writer.kill()
    this.figures['kills of the owner']++
    this.#writer = this.#load.start({ reopens: true })
  }

  async #verifyPlaces() {
    const { rows } = await this.#world.db.query(PLACES)
    const wrong = rows.filter(({ places }) => places !== 1)
    this.figures['sessions in two places, or in none'] += wrong.length
    promise(wrong.length === 0, 'each session is in exactly one place')
  }

  async #verifyNothingToDo(to) {
    const { moved, left } = await this.#work.run(this.#environment(to))
    promise(moved === 0 && left === 0, 'a second move has nothing to do')
  }

  #environment(to) {
    return { ...this.#world.environment, MIGRATION: JSON.stringify({ to }) }
  }

  end() {
    return this.#work.end()
  }
}

async function run({ layout, scale, report, said }) {
  const { rounds, idle } = SCALES[scale]
  return inWorld({ layout, said, accounts: LIVE }, (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      const idleSessions = new Idle(world, idle)
      const migrations = new Migrations({ world, load, said, idle: idleSessions })
      try {
        await idleSessions.fill()
        for (let number = 1; number <= rounds; number++) {
          report(`move ${number} of ${rounds}`)
          await migrations.round(number)
        }
        await migrations.finish()
        return migrations.figures
      } finally {
        await migrations.end()
      }
    }),
  )
}

module.exports = { title: 'Moves between the layouts under load', run }
