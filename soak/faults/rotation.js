'use strict'

const { randomBytes } = require('node:crypto')
const { Idle } = require('../idle')
const { underLoad } = require('../load')
const { promise } = require('../verdict')
const { Work } = require('../work')
const { inWorld } = require('../world')

/**
 * The secret is changed, again and again, over sessions that nobody has open and sessions that another process writes to
 * without pause; what changes them is killed in the middle. In every other round they get new data keys as well, and at the
 * end a large one does, under its owner.
 */

const ROTATION = require.resolve('../rotation-process')

const SCALES = {
  short: { rounds: 2, idle: 120, records: 2_000 },
  long: { rounds: 40, idle: 1_000, records: 50_000 },
}
const LIVE = 4
const STRANDS = ['one', 'two']
/** So much of a large session's records is random. */
const RECORD_BYTES = 2_000
const WRITTEN_AT_ONCE = 500
/** The memory that a large session may take to change, however large it is. */
const MOST_GROWN_KIB = 64 * 1024

class Rotations {
  figures = {
    'changes of the secret': 0,
    'of these, with new data keys': 0,
    'kills in the middle of one': 0,
    'sessions changed': 0,
    'sets acknowledged meanwhile': 0,
    'refused of these': 0,
    lost: 0,
    torn: 0,
    'sessions left under the earlier secret': 0,
  }
  #world
  #load
  #idle
  #work
  #secrets

  constructor({ world, load, said, idle }) {
    this.#world = world
    this.#load = load
    this.#idle = idle
    this.#work = new Work({ file: ROTATION, said, changed: ({ rotated }) => rotated })
    this.#secrets = [world.secret, randomBytes(24).toString('base64url')]
    said.hide('the other secret', this.#secrets[1])
  }

  async round(number) {
    const [earlier, current] = this.#secrets
    const rekey = number % 2 === 0
    // As in a rolling deployment: the owner knows the new secret, and seals with the earlier one still.
    const writer = this.#load.start({ env: environment(earlier, current) })
    await writer.begun

    await this.#killInTheMiddle(rekey)
    await this.#rotate({ rekey })
    await writer.kill()
    // Layout column: what the owner has written since it wrote with the earlier secret.
    const report = await this.#rotate({ rekey })
    this.figures['sessions left under the earlier secret'] += countOf(report, 'previous')
    promise(countOf(report, 'previous') === 0, 'no session needs the earlier secret any more')
    promise(countOf(report, 'unknown') === 0, 'every session is under a known secret')
    promise(report.left === 0, 'no session is left')
    promise(!rekey || report.rewrapped === 0, 'no data key is left that it has protected')

    this.#world.secret = current
    this.#secrets.reverse()
    await this.#load.verifyStored()
    promise(Object.keys(this.#load.refused).length === 0, 'no write of an owner is refused')
    await this.#idle.verify(() => this.figures.lost++)
    this.figures['changes of the secret']++
    this.figures['of these, with new data keys'] += Number(rekey)
    this.figures['sets acknowledged meanwhile'] = this.#load.acknowledged
  }

  /** Lets a rotation begin in a process of its own, and kills it when it has changed some sessions. */
  async #killInTheMiddle(rekey) {
    const enough = 1 + Math.floor((Math.random() * this.#idle.accounts.length) / 2)
    const { changed, isDone } = await this.#work.killInTheMiddle(
      this.#environment({ rekey }),
      enough,
    )
    this.figures['sessions changed'] += changed
    if (!isDone) this.figures['kills in the middle of one']++
  }

  async #rotate(options) {
    const report = await this.#work.run(this.#environment(options))
    this.figures['sessions changed'] += report.rotated
    return report
  }

  #environment(options) {
    const [earlier, current] = this.#secrets
    return {
      ...this.#world.environment,
      ...environment(current, earlier),
      ROTATION: JSON.stringify(options),
    }
  }

  /** A large session gets a new data key, while its owner goes on writing. */
  async large(records) {
    const [earlier, current] = this.#secrets
    await this.#world.db.addAccount('large')
    const owner = this.#world.store({
      secret: earlier,
      previousSecrets: [current],
      cacheBytes: 0,
      writeTimeoutMs: 120_000,
    })
    const { state } = await owner.useAuthState('large')
    const value = (n) => ({ n, random: randomBytes(RECORD_BYTES / 2).toString('hex') })
    for (let from = 0; from < records; from += WRITTEN_AT_ONCE) {
      const session = {}
      for (let n = from; n < Math.min(from + WRITTEN_AT_ONCE, records); n++) session[n] = value(n)
      await state.keys.set({ session })
    }
    let isOver = false
    let longest = 0
    let n = 0
    const writing = (async () => {
      while (!isOver) {
        const from = performance.now()
        await state.keys.set({ session: { last: { n: ++n } } })
        longest = Math.max(longest, performance.now() - from)
      }
    })()
    const from = performance.now()
    const report = await this.#rotate({ rekey: true })
    const ms = performance.now() - from
    isOver = true
    await writing
    promise(report.rotated >= 1 && report.left === 0, 'a large session gets a new key')
    promise(report.grownKiB < MOST_GROWN_KIB, 'a large session is not held in memory')
    await verifyLarge(state, records, n)
    await verifyLarge((await owner.useAuthState('large')).state, records, n)
    await owner.close()
    return {
      'records of a large session': records,
      'its change of the data key took, ms': ms,
      'its memory on top, MiB': report.grownKiB / 1024,
      "its owner's longest set meanwhile, ms": longest,
      "its owner's sets meanwhile": n,
    }
  }

  end() {
    return this.#work.end()
  }
}

/** The records, and the number of the owner's last set. */
async function verifyLarge({ keys }, records, last) {
  const ids = Array.from({ length: records }, (_, at) => String(at))
  for (let from = 0; from < records; from += WRITTEN_AT_ONCE) {
    const page = ids.slice(from, from + WRITTEN_AT_ONCE)
    const found = await keys.get('session', page)
    const isWhole = page.every((id) => found[id]?.n === Number(id))
    promise(isWhole, `a large session is what it was (from ${from})`)
  }
  const found = await keys.get('session', ['last'])
  promise(found.last?.n === last, 'what was acknowledged is there (large, last)')
}

const environment = (secret, previous) => ({
  WHATSAPP_SESSION_SECRET: secret,
  WHATSAPP_SESSION_SECRET_PREVIOUS: previous,
})

const countOf = ({ keys }, secret) =>
  keys.filter((key) => key.secret === secret).reduce((sum, { sessions }) => sum + sessions, 0)

async function run({ layout, scale, report, said }) {
  const { rounds, idle, records } = SCALES[scale]
  return inWorld({ layout, said, accounts: LIVE }, (world) =>
    underLoad({ world, said, strands: STRANDS }, async (load) => {
      const idleSessions = new Idle(world, idle)
      const rotations = new Rotations({ world, load, said, idle: idleSessions })
      try {
        await idleSessions.fill()
        for (let number = 1; number <= rounds; number++) {
          report(`change ${number} of ${rounds}`)
          await rotations.round(number)
        }
        if (layout === 'column') return rotations.figures
        report('a large session')
        return { ...rotations.figures, ...(await rotations.large(records)) }
      } finally {
        await rotations.end()
      }
    }),
  )
}

module.exports = { title: 'A change of the secret under load', run }
