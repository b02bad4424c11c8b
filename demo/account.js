'use strict'

/**
 * One WhatsApp account: its state from the store, and Baileys' encryption on it, put together as
 * `makeWASocket` does.
 *
 * Every message step leaves a receipt in the same transaction as the ratchet step that it made: one
 * `set`, all or nothing. So after a crash the step is asked for again by its id, and is answered
 * from the receipt if it was committed, done now if not. Without receipts a crash leaves open which
 * of the two it was, and no check could be strict.
 */

const { randomBytes } = require('node:crypto')
const { useDatabaseAuthState } = require('baileys-postgres-auth')

/**
 * A record type of this application's own, next to those of Baileys: the last step in each place,
 * by id.
 */
const RECEIPT = 'demo-receipt'

/** Baileys' record types. */
const TYPES = [
  'pre-key',
  'session',
  'sender-key',
  'sender-key-memory',
  'app-state-sync-key',
  'app-state-sync-version',
  'lid-mapping',
  'device-list',
  'tctoken',
  'identity-key',
]

const log = () => {}
const logger = {
  level: 'silent',
  trace: log,
  debug: log,
  info: log,
  warn: log,
  error: log,
  child: () => logger,
}

class Account {
  #baileys
  #onWrite
  #state
  #saveCreds
  #keys
  #signal

  /** `onWrite(kind, ms)` is told of every write that the store has acknowledged. */
  constructor(baileys, onWrite) {
    this.#baileys = baileys
    this.#onWrite = onWrite
  }

  async open(accountId) {
    const { state, saveCreds, close } = await useDatabaseAuthState(accountId)
    const { transactionOpts, makeSignalRepository } = this.#baileys.DEFAULT_CONNECTION_CONFIG
    const store = {
      get: state.keys.get,
      set: (data) => this.#timed('sets', () => state.keys.set(data)),
    }
    this.close = close
    this.#state = state
    this.#saveCreds = () => this.#timed('saves', saveCreds)
    this.#keys = this.#baileys.addTransactionCapability(store, logger, transactionOpts)
    this.#signal = makeSignalRepository({ creds: state.creds, keys: this.#keys }, logger)
    return this.creds()
  }

  /** What others may know of the credentials. */
  creds() {
    const { creds } = this.#state
    return {
      identity: Buffer.from(creds.signedIdentityKey.public).toString('hex'),
      me: creds.me,
      registered: creds.registered,
      routingInfo: creds.routingInfo?.toString('hex'),
      nextPreKeyId: creds.nextPreKeyId,
      accountSyncCounter: creds.accountSyncCounter,
    }
  }

  /** What pairing and login leave behind: who this account is, and who its contacts are. */
  async pair({ me, contacts }) {
    Object.assign(this.#state.creds, { me, registered: true, routingInfo: randomBytes(12) })
    await this.#saveCreds()
    await this.#signal.lidMapping.storeLIDPNMappings(contacts)
    return this.creds()
  }

  /**
   * Makes pre-keys and gives the node that Baileys uploads: credentials first, as in its
   * `uploadPreKeys`.
   */
  async uploadPreKeys({ count }) {
    const { creds } = this.#state
    let saved
    const node = await this.#keys.transaction(async () => {
      const { update, node } = await this.#baileys.getNextPreKeysNode(
        { creds, keys: this.#keys },
        count,
      )
      Object.assign(creds, update)
      saved = this.#saveCreds()
      return node
    }, creds.me.id)
    await saved
    return { node, creds: this.creds() }
  }

  /** A change of the credentials as the server causes them at any time. */
  async syncCreds({ counter }) {
    this.#state.creds.accountSyncCounter = counter
    await this.#saveCreds()
    return this.creds()
  }

  /**
   * Encrypts a message for one device; where there is no session yet, makes one of the device's
   * published `bundle`.
   */
  async send({ id, place, to, text, bundle }) {
    const { exists } = await this.#signal.validateSession(to)
    if (!exists) await this.#baileys.parseAndInjectE2ESessions(bundle, this.#signal)
    return this.#step(this.#state.creds.me.id, place, id, async () => [
      await this.#encrypt(to, { conversation: text }),
    ])
  }

  /**
   * Encrypts a message for a group, with the sender key for those members who do not have it yet.
   */
  async sendToGroup({ id, place, group, members, text }) {
    const { me } = this.#state.creds
    return this.#step(me.id, place, id, async () => {
      const data = this.#baileys.encodeWAMessage({ conversation: text })
      const { ciphertext, senderKeyDistributionMessage } = await this.#signal.encryptGroupMessage({
        group,
        meId: me.lid,
        data,
      })
      const { [group]: memory = {} } = await this.#keys.get('sender-key-memory', [group])
      const senderKey = {
        groupId: group,
        axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage,
      }
      const content = { senderKeyDistributionMessage: senderKey }
      const forMembers = {}
      for (const member of members) {
        forMembers[member] = memory[member] ? [] : [await this.#encrypt(member, content)]
        memory[member] = true
      }
      await this.#keys.set({ 'sender-key-memory': { [group]: memory } })
      return { forAll: { type: 'skmsg', ciphertext }, forMembers }
    })
  }

  /** Decrypts a message that came in, and gives its text. */
  async receive({ id, place, from, group, enc }) {
    return this.#step(from, place, id, () => this.#decrypt(from, group, enc))
  }

  /** Whether a message that was read before is refused, as it must be: its key is used up. */
  async replay({ from, group, enc }) {
    try {
      await this.#keys.transaction(() => this.#decrypt(from, group, enc), from)
    } catch {
      return true
    }
    return false
  }

  /** The ids in the receipts of these places. */
  async receipts({ places }) {
    const receipts = await this.#keys.get(RECEIPT, places)
    return places.map((place) => receipts[place]?.id)
  }

  /** The codes of the errors that late writes get. */
  async writeLate() {
    const writes = [
      this.#state.keys.set({ session: { 'late.0': { version: 'v1', _sessions: {} } } }),
      this.#state.keys.set({ 'pre-key': { 1: null } }),
      this.#saveCreds(),
    ]
    const outcomes = await Promise.allSettled(writes)
    return outcomes.map(({ status, reason }) => (status === 'rejected' ? reason.code : status))
  }

  async countRecords({ types }) {
    let count = 0
    for (const type of types) for await (const _ of this.#state.keys.listIds(type)) count++
    return count
  }

  /** Everything that is stored, as JSON text: `{ creds, keys: { '<type>-<id>': value } }`. */
  async contents() {
    const keys = {}
    for (const type of [...TYPES, RECEIPT]) {
      for await (const [id, value] of this.#state.keys.list(type)) keys[`${type}-${id}`] = value
    }
    const { replacer } = this.#baileys.BufferJSON
    return JSON.stringify({ creds: this.#state.creds, keys }, replacer)
  }

  /**
   * Runs `work` and its receipt in one transaction of Baileys', unless the receipt says that it was
   * done before.
   */
  #step(transactionKey, place, id, work) {
    return this.#keys.transaction(async () => {
      const { [place]: receipt } = await this.#keys.get(RECEIPT, [place])
      if (receipt?.id === id) return { result: receipt.result, before: true }
      const result = await work()
      await this.#keys.set({ [RECEIPT]: { [place]: { id, result } } })
      return { result, before: false }
    }, transactionKey)
  }

  #encrypt(jid, message) {
    return this.#signal.encryptMessage({ jid, data: this.#baileys.encodeWAMessage(message) })
  }

  async #decrypt(from, group, enc) {
    const { proto, unpadRandomMax16 } = this.#baileys
    let text
    for (const { type, ciphertext } of enc) {
      const padded =
        type === 'skmsg'
          ? await this.#signal.decryptGroupMessage({ group, authorJid: from, msg: ciphertext })
          : await this.#signal.decryptMessage({ jid: from, type, ciphertext })
      const message = proto.Message.decode(unpadRandomMax16(padded))
      const item = message.senderKeyDistributionMessage
      if (item) await this.#signal.processSenderKeyDistributionMessage({ authorJid: from, item })
      else text = message.conversation
    }
    return text
  }

  async #timed(kind, write) {
    const started = performance.now()
    await write()
    this.#onWrite(kind, performance.now() - started)
  }
}

module.exports = { Account }
