'use strict'

const { escapeLiteral } = require('pg')

/** What the tests run over that make sense for both. */
const LAYOUTS = ['column', 'rows']

const EMPTY_ACCOUNTS = 'UPDATE whatsapp_accounts SET session_data = NULL'

/** Each layout from the server's side, for those who count, hold or break what it does. */
const sqlOf = {
  column: {
    /** What a set does, as a trigger has it. */
    set: 'UPDATE ON whatsapp_accounts',
    /** What an open does, as a trigger has it. */
    open: 'UPDATE ON whatsapp_accounts',
    /** Whatever a write does, and whose row it is, in a trigger on it. */
    write: 'UPDATE ON whatsapp_accounts',
    accountOfWrite: 'NEW.id',
    /** What a clear does, as a trigger has it; `WHEN` it is one. */
    clear: 'UPDATE ON whatsapp_accounts',
    isClear: 'NEW.session_data IS NULL',
    /** The server's replies once it has committed. */
    replies: { set: 'UPDATE 1', open: 'UPDATE 1', clear: 'UPDATE 1' },
    /** What the request has within it by which an opener takes an account over, or begins one that has no session. */
    requests: { take: 'SET "session_data" = $2', begin: 'SET "session_data" = $2' },
    /** Holds an account's row until the end of the transaction. */
    lock: (id) => `SELECT FROM whatsapp_accounts WHERE id = ${escapeLiteral(id)} FOR UPDATE`,
    /** Takes away from under a store what makes an account one. */
    remove: (id) => `DELETE FROM whatsapp_accounts WHERE id = ${escapeLiteral(id)}`,
    /** Leaves no account a session. */
    empty: EMPTY_ACCOUNTS,
  },
  rows: {
    set: 'INSERT ON baileys_auth.record',
    open: 'INSERT OR UPDATE ON baileys_auth.session',
    write: 'INSERT OR UPDATE OR DELETE ON baileys_auth.record',
    accountOfWrite: `(SELECT account_id FROM baileys_auth.session
                      WHERE session_id = coalesce(NEW.session_id, OLD.session_id))`,
    clear: 'DELETE ON baileys_auth.session',
    isClear: 'true',
    replies: { set: 'INSERT 0 1', open: 'UPDATE 1', clear: 'DELETE 1' },
    requests: {
      take: 'UPDATE "baileys_auth".session AS s SET epoch = s.epoch + 1, opener',
      begin: 'INSERT INTO "baileys_auth".session (',
    },
    lock: (id) =>
      `SELECT FROM baileys_auth.session WHERE account_id = ${escapeLiteral(id)} FOR UPDATE`,
    remove: (id) => `DELETE FROM baileys_auth.session WHERE account_id = ${escapeLiteral(id)}`,
    empty: `DELETE FROM baileys_auth.session; ${EMPTY_ACCOUNTS}`,
  },
}

module.exports = { LAYOUTS, sqlOf }
