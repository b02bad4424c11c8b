'use strict'

/** The upload of an account's pre-keys in one call, as at pairing. */

const { accountId } = require('../../records')
const { CAREFUL, OURS, RIVALS } = require('../../stores')
const { summariseRounds } = require('../../statistics')
const { atMost, find, median } = require('../bars')
const { Contestant } = require('../contestant')
const { PRE_KEYS } = require('../drivers/uploader')
const { withField } = require('../field')
const { runInTurn } = require('../turns')

/** Uploads a round: of each the median counts. */
const UPLOADS = 5

async function runRound(contestant) {
  await contestant.db.query('VACUUM')
  await contestant.db.query('CHECKPOINT')
  const uploads = []
  for (let nth = 0; nth < UPLOADS; nth += 1) {
    if (nth > 0) await contestant.call('forget')
    uploads.push(await contestant.call('upload'))
  }
  contestant.lost = await contestant.call('countUploadLost')
  await contestant.call('forget')
  const { wallMs, mainMs } = summariseRounds(uploads)
  return { wallMs: wallMs.median, mainMs: mainMs.median }
}

const run = (context) =>
  withField(async (field, enter) => {
    for (const entry of context.chosen([OURS, CAREFUL, ...RIVALS])) {
      context.onRound(entry.label)
      const contestant = await enter(Contestant.enter(entry, { accountIds: [accountId(0)] }))
      await contestant.call('openUploader')
    }
    await runInTurn(field, runRound, context)
    return field.map((contestant) => contestant.result())
  })

const COLUMNS = [
  ['ms', 'wallMs'],
  ['main thread ms', 'mainMs'],
]

function bars(results) {
  const part = (figure) =>
    median(find(results, 'ours'), figure) / median(find(results, 'careful'), figure)
  return [
    atMost('time', part('wallMs'), 1 / 2, 'of careful Node.js'),
    atMost('main thread', part('mainMs'), 1 / 6, 'of careful Node.js'),
  ]
}

module.exports = {
  title: `a set of ${PRE_KEYS} pre-keys`,
  run,
  columns: COLUMNS,
  bars,
}
