'use strict'

/** Runs one workload for several stores on one server, round by round in turn, and checks what they stored. */

const { createDatabase } = require('../../__test__/support/database')
const { startContender } = require('../contender')
const { summariseRounds } = require('../statistics')
const { openSession, sealSession } = require('../stores/original')
const { preloadedKeys } = require('./workloads')

const ACCOUNT = 'a-benchmark-account'
const SECRET = 'an-example-secret-of-good-length'

/** Sealed once and given to every store: each begins with the same bytes. */
async function sealPreloaded(records) {
  const { initAuthCreds } = await import('baileys')
  return sealSession({ creds: initAuthCreds(), keys: preloadedKeys(records) }, SECRET)
}

/** A store's process, and a database of its own with the preloaded account; the store is not open yet. */
async function enter(entry, sealed) {
  const db = await createDatabase({ accounts: [ACCOUNT] })
  await entry.prepare?.(db)
  await db.query('UPDATE whatsapp_accounts SET session_data = $2 WHERE id = $1', [ACCOUNT, sealed])
  const contender = startContender('original/agent.js', { module: entry.module })
  return { ...entry, db, contender, rounds: [] }
}

/** How many records are in the database with another value than the one acknowledged last, or not at all. */
async function countLost({ db, contender }) {
  const acknowledged = await contender.call('acknowledged')
  const { keys } = openSession(await db.sessionData(ACCOUNT), SECRET)
  return acknowledged.filter(([id, text]) => JSON.stringify(keys[`session-${id}`]) !== text).length
}

/**
 * One round of one store: a window for the rate and the CPU time, and one half as long for the event loop's delay, whose
 * sampler wakes the thread too often to be on while CPU time is measured.
 */
async function runRound({ db, contender, isBaseline }, seconds) {
  // Every round begins without dead rows and without pages that another store left to be written.
  await db.query('VACUUM whatsapp_accounts')
  await db.query('CHECKPOINT')
  const rate = await contender.call('rate', { seconds })
  const delay = isBaseline ? {} : await contender.call('loopDelay', { seconds: seconds / 2 })
  return { ...rate, ...delay }
}

/** Opens every store and lets it write a while that is not counted: compilers and caches settle. */
async function prepareField(field, workload, seconds) {
  for (const { db, contender, options } of field) {
    const account = { databaseUrl: db.url, accountId: ACCOUNT, secret: SECRET }
    await contender.call('open', { ...workload, ...options, ...account })
    await contender.call('warmUp', { seconds: seconds / 4 })
  }
}

/**
 * `workload` is `{ records, callers }`. Gives for each entry its `label`, `figures` (median and spread of every figure),
 * `lost` and `textBytes`, the size of the row's text.
 */
async function runWorkload(entries, workload, { rounds, seconds, onRound }) {
  const sealed = await sealPreloaded(workload.records)
  const field = []
  try {
    for (const entry of entries) field.push(await enter(entry, sealed))
    await prepareField(field, workload, seconds)
    for (let round = 0; round < rounds; round += 1) {
      // Who goes first changes, so that nobody always follows the same neighbour.
      for (let turn = 0; turn < field.length; turn += 1) {
        const entry = field[(round + turn) % field.length]
        onRound(entry.label, round)
        entry.rounds.push(await runRound(entry, seconds))
      }
    }
    // Before the stores are closed, which may write what is still under way.
    for (const entry of field) entry.lost = entry.isBaseline ? 0 : await countLost(entry)
    for (const { contender } of field) await contender.call('close')
  } finally {
    for (const { db, contender } of field) {
      await contender.stop()
      await db.drop()
    }
  }
  return field.map(({ label, isOurs, lost, rounds: done }) => ({
    label,
    isOurs,
    lost,
    figures: summariseRounds(done),
    textBytes: sealed.length,
  }))
}

module.exports = { runWorkload }
