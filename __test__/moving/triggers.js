'use strict'

/** Runs work while a trigger meddles with what is written: `on` says with which rows, `body` what it does. */
async function withFunction(db, on, body, work) {
  await db.query(`CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN ${body}; END $$`)
  await db.query(`CREATE TRIGGER meddle BEFORE ${on} EXECUTE FUNCTION meddle()`)
  try {
    await work()
  } finally {
    await db.query('DROP FUNCTION meddle CASCADE')
  }
}

module.exports = { withFunction }
