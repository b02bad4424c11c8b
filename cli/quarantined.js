'use strict'

const { size, time } = require('./quantities.js')

/** The sessions in quarantine. */
function showQuarantine(output, sessions) {
  output.table(
    ['in quarantine', 'account', 'since', 'why', 'layout', 'records', 'size'],
    sessions.map(({ id, accountId, quarantinedAt, reason, layout, records, bytes }) => [
      id,
      accountId,
      time(quarantinedAt),
      reason,
      layout,
      records,
      size(bytes),
    ]),
  )
}

module.exports = { showQuarantine }
