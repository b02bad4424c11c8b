-- Format 2: a quarantine for sessions that could not be read.
--
-- Layout column uses these two tables as well, without any of the others: it makes them when it first needs them, from
-- this file, so that they may be there already.

CREATE TABLE IF NOT EXISTS {schema}.quarantine (
  quarantine_id uuid PRIMARY KEY,
  account_id text NOT NULL,
  -- The code of the error that an open would have been refused with; `replaced` for what a restore has made room for.
  reason text NOT NULL,
  quarantined_at timestamptz NOT NULL DEFAULT now(),
  -- A session in the original form, or else what stood in the row of `session`.
  session_data text,
  session_id uuid,
  epoch bigint,
  wrapped_key bytea,
  key_id bytea,
  rewrapped boolean,
  owner text,
  opened_at timestamptz,
  created_at timestamptz,
  has_creds boolean,
  CHECK ((session_data IS NULL) <> (session_id IS NULL))
);

CREATE TABLE IF NOT EXISTS {schema}.quarantined_record (
  quarantine_id uuid NOT NULL REFERENCES {schema}.quarantine ON DELETE CASCADE,
  record_hash bytea NOT NULL,
  kind text NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (quarantine_id, record_hash)
);

-- As in `record`: what is sealed does not compress.
ALTER TABLE {schema}.quarantined_record ALTER COLUMN value SET STORAGE EXTERNAL;
