'use strict'

/** What happens in the demo, and what has to be true of it. */

const { describeRows, checkPrivacy } = require('./contents')
const { Crashes } = require('./crashes')
const { number, quantile } = require('./report')
const { Wire } = require('./wire')

const PRE_KEYS = 120
const DIRECT_PER_DIRECTION = 12
const GROUP_PER_MEMBER = 8
const SAVES_PER_ACCOUNT = 10
const AFTERWARDS = 3

const INTRODUCTIONS = 'first messages, by published pre-keys'
const TRAFFIC = 'direct messages, a group, credentials'
const AFTER_LOGOUT = 'the others go on'

// Made-up numbers: a phone number and the id that WhatsApp shows in its place.
const MEMBERS = Array.from({ length: 6 }, (_, index) => {
  const phone = `559990001${index}4711`
  const lid = `2718281828459${index}5`
  return {
    id: `account-${index + 1}`,
    phone,
    lid,
    jid: `${lid}:3@lid`,
    me: { id: `${phone}:3@s.whatsapp.net`, lid: `${lid}:3@lid`, name: `Demo ${index + 1}` },
  }
})
const GROUP = { id: 'the group', jid: '120363000314159265@g.us', members: MEMBERS }

const pairs = (members) =>
  members.flatMap((a, index) => members.slice(index + 1).map((b) => [a, b]))
const directions = (members) =>
  pairs(members).flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ])

class Scenario {
  #accounts
  #report
  #database
  #wire
  #crashes
  /** The credentials of each account as last saved, by its id. */
  #creds = new Map()
  #contents
  #seconds = {}

  constructor({ accounts, server, report, database }) {
    this.#accounts = accounts
    this.#report = report
    this.#database = database
    this.#wire = new Wire(accounts)
    this.#crashes = new Crashes({ accounts, server, report, wire: this.#wire, creds: this.#creds })
  }

  async play() {
    const killAccounts = (answers) => this.#crashes.killAccounts(answers)
    const killPostgres = (answers) => this.#crashes.killPostgres(answers)

    await this.#pairAll()
    await this.#during(INTRODUCTIONS, () => this.#introduceAll(), [() => killAccounts(10)])
    await this.#during(TRAFFIC, () => this.#talk(), [
      () => killAccounts(150),
      () => killPostgres(150),
      () => killAccounts(150),
    ])
    this.#checkMessages()
    await this.#look()
    await this.#logOut(MEMBERS.at(-1))
    await this.#during(AFTER_LOGOUT, () => this.#goOn(MEMBERS.slice(0, -1)))
    this.#checkMessages()
    const status = await this.#accounts.close()
    this.#check(status === 0, 'with every account closed, the process ends by itself')
  }

  #check(passed, text) {
    this.#report.check(passed, text)
  }

  #progress() {
    const { direct, group } = this.#wire
    const { sets } = this.#accounts.acknowledged
    return `${number(direct.read + group.read)} messages read, ${number(sets.length)} sets`
  }

  /** Runs `work` while the `events` happen, one after the other. */
  async #during(name, work, events = []) {
    this.#report.phase(name, () => this.#progress())
    const started = this.#report.seconds()
    const working = work()
    const over = working.then(() => {
      throw new Error(`Too soon over for a crash in the middle: ${name}`)
    })
    // Who loses a race is heard there or in the last await.
    over.catch(() => {})
    for (const event of events) await Promise.race([event(), over])
    await working
    this.#seconds[name] = this.#report.seconds() - started
  }

  async #pairAll() {
    this.#report.phase('pairing the accounts', () => this.#progress())
    await this.#database.create(MEMBERS.map(({ id }) => id))
    this.#accounts.start()
    const contacts = MEMBERS.map(({ me }) => ({ pn: me.id, lid: me.lid }))
    await Promise.all(
      MEMBERS.map(async ({ id, me }, index) => {
        const { registered } = await this.#accounts.ask(id, 'open')
        if (registered) throw new Error('A new account is not fresh')
        await this.#accounts.ask(id, 'pair', { me, contacts })
        const { node, creds } = await this.#accounts.ask(id, 'uploadPreKeys', { count: PRE_KEYS })
        this.#wire.publish(MEMBERS[index], node)
        this.#creds.set(id, creds)
      }),
    )
    const published = MEMBERS.map((account) => this.#wire.publishedBy(account))
    this.#check(
      published.every((count) => count === PRE_KEYS),
      `${MEMBERS.length} accounts are paired, each has published ${PRE_KEYS} pre-keys`,
    )
  }

  async #introduceAll() {
    await Promise.all(pairs(MEMBERS).map(([a, b]) => this.#wire.introduce(a, b)))
  }

  async #talk() {
    await Promise.all([
      ...directions(MEMBERS).map(([from, to]) =>
        this.#wire.converse(from, to, DIRECT_PER_DIRECTION),
      ),
      ...MEMBERS.map((member) => this.#wire.tellGroup(member, GROUP, GROUP_PER_MEMBER)),
      ...MEMBERS.map((member) => this.#saveOften(member)),
    ])
  }

  async #goOn(members) {
    await Promise.all([
      ...directions(members).map(([from, to]) => this.#wire.converse(from, to, AFTERWARDS)),
      ...members.map((member) => this.#wire.tellGroup(member, { ...GROUP, members }, AFTERWARDS)),
    ])
  }

  async #saveOften({ id }) {
    for (let counter = 1; counter <= SAVES_PER_ACCOUNT; counter++) {
      this.#creds.set(id, await this.#accounts.ask(id, 'syncCreds', { counter }))
    }
  }

  #checkMessages() {
    const { direct, group, failures } = this.#wire
    const expected = direct.sent + this.#wire.groupCopies
    const read = direct.read + group.read
    this.#check(
      failures.length === 0 && read === expected,
      `${read} of ${expected} messages read, ${failures.length} failed to decrypt` +
        (failures.length ? `, the first: ${failures[0]}` : ''),
    )
  }

  async #look() {
    this.#report.phase('looking into the database')
    const rows = await this.#database.sessions(this.#accounts)
    const sessions = rows.map(({ session }) => session)
    this.#contents = describeRows(rows)
    this.#check(
      sessions.every(({ creds }, index) => creds.me.id === MEMBERS[index].me.id),
      this.#database.describeOpening(sessions.length),
    )
    const numbers = [...MEMBERS.flatMap(({ phone, lid }) => [phone, lid]), GROUP.jid.split('@')[0]]
    const { keys, found, control } = checkPrivacy(sessions, numbers, await this.#database.dump())
    const what = `${numbers.length} numbers and ${number(keys)} keys`
    this.#check(
      found === 0,
      `${found} of ${what} are readable in a dump of the tables (raw, hex, base64)`,
    )
    this.#check(
      control === numbers.length + keys,
      `the same search finds ${number(control)} in the opened sessions`,
    )
  }

  async #logOut({ id }) {
    this.#report.phase(`logging ${id} out`)
    const before = this.#creds.get(id)
    await this.#accounts.ask(id, 'logOut')
    this.#check(await this.#database.isGone(id), this.#database.goneAs)
    const codes = await this.#accounts.ask(id, 'writeLate')
    this.#check(
      codes.every((code) => code === 'ERR_SESSION_CLEARED'),
      `late writes are refused: ${codes.join(', ')}`,
    )
    this.#check(await this.#database.isGone(id), 'and have brought nothing back')
    const creds = await this.#accounts.ask(id, 'open')
    const types = ['pre-key', 'session', 'sender-key', 'identity-key', 'lid-mapping']
    const records = await this.#accounts.ask(id, 'countRecords', { types })
    this.#check(
      !creds.registered && !creds.me && creds.identity !== before.identity && records === 0,
      `it opens fresh: not registered, another identity, ${records} records`,
    )
  }

  /** The figures, as `[name, value]`. */
  table() {
    const { direct, group, outOfOrder, failures } = this.#wire
    const { sets, saves } = this.#accounts.acknowledged
    const ms = (share) => `${quantile(sets, share).toFixed(1)} ms`
    const total = this.#report.seconds().toFixed(1)
    const traffic = this.#seconds[TRAFFIC].toFixed(1)
    return [
      ['direct messages', `${direct.sent} sent, ${direct.read} read, ${outOfOrder} out of order`],
      ['group messages', `${group.sent} sent, ${group.read} read: each by every other member`],
      ['decrypt failures', failures.length],
      ['sets', `${number(sets.length)} acknowledged, median ${ms(0.5)}, p99 ${ms(0.99)}`],
      ['credentials', `saved ${saves.length} times`],
      ...this.#crashes.table(),
      ...this.#contents,
      ['time', `${total} s, ${traffic} s of it mixed traffic with crashes`],
    ]
  }
}

module.exports = { Scenario }
