'use strict'

/**
 * Why PostgreSQL refuses writes for a while: what brings it about, how each refused set has to tell of it, and what ends it.
 * Each is given `db`, the writer's `role`, and the `table` that is written to. `endsConnections`: a set that was under way when it
 * began may have been committed without an answer, and its repetition refused.
 */

const DISK_FULL = { code: 'ERR_DB_UNAVAILABLE', sqlState: '53100' }

/** Ends the role's connections: settings of a role or database count from the next one on. */
const disconnect = ({ db, role }) =>
  db.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role])

/** Makes every write fail or wait, by a trigger. */
const trigger = ({ db, table }, statement) =>
  db.query(`
    CREATE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN ${statement}; RETURN NULL; END $$;
    CREATE TRIGGER hindering BEFORE INSERT OR UPDATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION hinder()`)

const readOnly = {
  expected: { code: 'ERR_DB_UNAVAILABLE', sqlState: '25006' },
  endsConnections: true,
  async begin(where) {
    await where.db.query(`ALTER DATABASE ${where.db.name} SET default_transaction_read_only = on`)
    await disconnect(where)
  },
  async end({ db }) {
    // This connection may be read-only itself by now.
    await db.query(`BEGIN READ WRITE;
                    ALTER DATABASE ${db.name} RESET default_transaction_read_only; COMMIT`)
  },
}

const revokedGrant = {
  expected: { code: 'ERR_DB_QUERY', sqlState: '42501' },
  begin: ({ db, role, table }) => db.query(`REVOKE INSERT, UPDATE ON ${table} FROM ${role}`),
  end: ({ db, role, table }) => db.query(`GRANT INSERT, UPDATE ON ${table} TO ${role}`),
}

const statementTimeout = {
  expected: { code: 'ERR_DB_TIMEOUT', sqlState: '57014' },
  endsConnections: true,
  async begin(where) {
    await trigger(where, 'PERFORM pg_sleep(0.2)')
    await where.db.query(`ALTER ROLE ${where.role} SET statement_timeout = '50ms'`)
    await disconnect(where)
  },
  // Writes stay slow: that they are allowed to be has to arrive.
  end: ({ db, role }) => db.query(`ALTER ROLE ${role} RESET statement_timeout`),
}

const droppedTable = {
  expected: { code: 'ERR_SCHEMA', sqlState: '42P01' },
  begin: ({ db, table }) =>
    db.query(`
      BEGIN;
      LOCK TABLE ${table};
      CREATE TABLE backup (LIKE ${table} INCLUDING ALL);
      INSERT INTO backup SELECT * FROM ${table};
      DROP TABLE ${table};
      COMMIT`),
  end: ({ db, role, table }) => {
    const [schema, name] = table.split('.')
    const references =
      name === 'record'
        ? `ALTER TABLE backup ADD FOREIGN KEY (session_id)
             REFERENCES ${schema}.session ON DELETE CASCADE;`
        : ''
    return db.query(`
      BEGIN;
      GRANT ALL ON backup TO ${role};
      ${references}
      ALTER TABLE backup SET SCHEMA ${schema};
      ALTER TABLE ${schema}.backup RENAME TO ${name};
      COMMIT`)
  },
}

/** A disk that is full, where there is one to fill. */
function fullDisk(disk) {
  if (disk === null) {
    return {
      expected: DISK_FULL,
      begin: (where) =>
        trigger(where, `RAISE EXCEPTION 'no space is left' USING ERRCODE = 'disk_full'`),
      end: ({ db, table }) => db.query(`DROP TRIGGER hindering ON ${table}`),
    }
  }
  return {
    expected: DISK_FULL,
    async begin({ db, table }) {
      await db.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`)
      await db.query(`ALTER TABLE ${table} SET TABLESPACE small`)
      disk.fill()
    },
    end: () => disk.free(),
  }
}

module.exports = { droppedTable, fullDisk, readOnly, revokedGrant, statementTimeout }
