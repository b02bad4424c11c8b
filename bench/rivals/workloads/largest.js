'use strict'

/** The largest records that the recorded runs of Baileys stored: what is stored of them. */

const { accountId } = require('../../records')
const { summariseRounds } = require('../../statistics')
const { CAREFUL, OURS } = require('../../stores')
const { largestRecords } = require('../../traces')
const { atMost, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { withField } = require('../field')

/** How many records of each type. */
const COUNT = 10

const TYPES = { 'sender-key': 'senderKeyPart', session: 'sessionPart' }

/** Bytes of the stored values of a type. */
const STORED = {
  ours: 'SELECT sum(octet_length(value))::int AS bytes FROM baileys_auth.record WHERE kind = $1',
  careful: 'SELECT sum(octet_length(value))::int AS bytes FROM auth_record WHERE type = $1',
}

async function storedPart({ entry, db, call }, type) {
  const records = largestRecords(type, COUNT)
  // Ids may come from several recordings.
  const numbered = records.map(([id, text], index) => [`${index} ${id}`, text])
  await call('write', { accountId: accountId(0), type, records: numbered })
  const { rows } = await db.query(STORED[entry.name], [type])
  return rows[0].bytes / records.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)
}

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL])) {
      context.onRound(entry.label)
      const contestant = await enter(Contestant.enter(entry))
      const parts = {}
      for (const [type, figure] of Object.entries(TYPES)) {
        const call = (method, args) => contestant.call(method, args)
        parts[figure] = await storedPart({ ...contestant, call }, type)
      }
      contestant.figures = summariseRounds([parts])
    }
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['sender-keys, part of the JSON text', 'senderKeyPart'],
  ['sessions, part of the JSON text', 'sessionPart'],
]

function bars(results) {
  const ours = find(results, 'ours')
  return [
    atMost('sender-keys', median(ours, 'senderKeyPart'), 0.35, 'of their JSON text'),
    atMost('sessions', median(ours, 'sessionPart'), 0.35, 'of their JSON text'),
  ]
}

module.exports = {
  title: `bytes stored of the ${COUNT} largest sender-keys and sessions of the recordings`,
  run,
  columns: COLUMNS,
  bars,
}
