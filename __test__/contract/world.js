'use strict'

const { classesOf, expectedOf, throughJson } = require('./reference')
const { describeAnswer, describeValue } = require('./describe-value')
const { startSecondProcess } = require('./second-process')

/** A provider under test: its place, its accounts, and what this process and a second one read of them. */
class World {
  #accounts = 0
  #used
  #place
  #connection
  #secondProcess

  async setUp(provider) {
    this.provider = provider
    this.baileys = await import('baileys')
    this.classes = classesOf(this.baileys)
    this.#place = await provider.setUp()
    this.#connection = provider.connect(this.#place.place)
    this.#secondProcess = startSecondProcess(provider, this.#place.place)
  }

  async tearDown() {
    await this.#secondProcess?.stop()
    await this.#connection?.close()
    await this.#place?.tearDown()
  }

  /** A new account, never opened. */
  async account(accountId = `account-${++this.#accounts}`) {
    await this.#place.addAccount(accountId)
    return accountId
  }

  open(accountId) {
    return this.#connection.open(accountId)
  }

  /** A new account, opened. */
  async openNew() {
    const accountId = await this.account()
    return { accountId, ...(await this.open(accountId)) }
  }

  /**
   * An account that has credentials, opened again. Tests of records share it: making credentials takes a tenth of a second
   * under Jest.
   */
  async openUsed() {
    if (this.#used === undefined) {
      const { accountId, saveCreds } = await this.openNew()
      await saveCreds()
      this.#used = accountId
    }
    return { accountId: this.#used, ...(await this.open(this.#used)) }
  }

  describe(value) {
    return describeValue(value, this.classes)
  }

  /** What a `get` of these records has to give. */
  describeExpected(type, records) {
    return Object.keys(records)
      .sort()
      .map((id) => [id, this.describe(expectedOf(this.baileys, type, records[id]))])
  }

  describeExpectedCreds(creds) {
    return this.describe(throughJson(this.baileys, creds))
  }

  /** Asserts that the handle reads these records, by type and id: each as the reference gives it, and no other. */
  async expectRecords({ state }, records) {
    for (const [type, byId] of Object.entries(records)) {
      const answer = await state.keys.get(type, Object.keys(byId))
      expect(describeAnswer(answer, this.classes)).toEqual(this.describeExpected(type, byId))
    }
  }

  /** Asserts the same in another process, which opens the account for itself. */
  async expectRecordsElsewhere({ accountId }, records) {
    const reads = Object.entries(records).map(([type, byId]) => [type, Object.keys(byId)])
    const { answers } = await this.#secondProcess.read(accountId, reads)
    const expected = Object.entries(records).map(([type, byId]) =>
      this.describeExpected(type, byId),
    )
    expect(answers).toEqual(expected)
  }

  /** Asserts the same here, and then in another process, which is the handle's last act: it loses its account by that. */
  async expectRecordsEverywhere(handle, records) {
    await this.expectRecords(handle, records)
    await this.expectRecordsElsewhere(handle, records)
  }

  /** Writes the records, and asserts that they are read here and in another process. */
  async expectKept(records) {
    const handle = await this.openUsed()
    await handle.state.keys.set(records)
    await this.expectRecordsEverywhere(handle, records)
  }

  /** The credentials, written down, that another process reads when it opens the account. */
  async credsElsewhere(accountId) {
    return (await this.#secondProcess.read(accountId, [])).creds
  }
}

module.exports = { World }
