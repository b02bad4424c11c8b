'use strict'

const { KINDS, readOptions } = require('./call-options.js')
const { requireAccountId } = require('./errors.js')
const { countsOf, sum } = require('./kinds.js')
const { leftSession, stepwise } = require('./stepwise.js')

// A look at the sessions of a store that opens none of them.

/** What is known of sessions; `page` gives the next ones after the last one that it gave, none at the end. */
function sessions(options, page) {
  const { accountId } = readOptions(options, { accountId: KINDS.text }, 'sessions')
  requireAccount(accountId, 'sessions')
  return (async function* () {
    let last
    for (;;) {
      const statuses = await page(last, accountId)
      if (statuses.length === 0) return
      for (const status of statuses) yield toStatus(status)
      const { layout, accountId: lastId } = statuses.at(-1)
      last = { layout, accountId: lastId }
    }
  })()
}

function toStatus({ kinds, openedMs, createdMs, writtenMs, ...status }) {
  const counts = kinds && countsOf(kinds)
  return {
    accountId: status.accountId,
    layout: status.layout,
    records: counts ? sum(counts) : null,
    kinds: counts ?? null,
    bytes: status.bytes,
    owner: status.owner ?? null,
    openedAt: date(openedMs),
    createdAt: date(createdMs),
    lastWriteAt: date(writtenMs),
    keyId: status.keyId ?? null,
    secret: status.secret ?? null,
  }
}

const OPTIONS = { accountId: KINDS.text, signal: KINDS.signal, onProgress: KINDS.func }

/** Reads all of every session. `begin` gives the native part of it, `step` calls for its next step. */
async function verify(options, begin, step) {
  const { accountId, signal, onProgress } = readOptions(options, OPTIONS, 'verify')
  requireAccount(accountId, 'verify')
  const tell =
    onProgress &&
    (({ findings, found, kinds, ...progress }) =>
      onProgress({ ...progress, records: sum(countsOf(kinds)), unreadable: found }))
  const { findings, found, kinds, total, ...report } = await stepwise(
    { signal, onProgress: tell },
    () => begin(accountId),
    step,
  )
  const counts = countsOf(kinds)
  return { ...report, records: sum(counts), kinds: counts, unreadable: findings.map(toFinding) }
}

function requireAccount(accountId, operation) {
  if (accountId !== undefined) requireAccountId(accountId, operation)
}

const toFinding = ({ layout, kind, recordHash, ...session }) => ({
  ...leftSession(session),
  layout,
  record: kind === undefined ? null : { type: kind, hash: recordHash },
})

const date = (ms) => (ms === undefined ? null : new Date(ms))

module.exports = { sessions, verify }
