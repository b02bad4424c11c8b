-- Format 1.

CREATE TABLE {schema}.store (
  -- One row alone.
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  format_version integer NOT NULL,
  -- How the key-encryption key is derived: scrypt (RFC 7914), N as the exponent of 2.
  kdf_salt bytea NOT NULL CHECK (octet_length(kdf_salt) = 16),
  kdf_log_n smallint NOT NULL,
  kdf_block_size integer NOT NULL,
  kdf_parallelism integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {schema}.session (
  -- Made by the client; an account that is cleared and opened again gets another.
  session_id uuid PRIMARY KEY,
  account_id text NOT NULL UNIQUE,
  -- The fencing token: writes of an older epoch are refused.
  epoch bigint NOT NULL,
  -- Which opening made the epoch, so that an opener knows its own again.
  opener uuid NOT NULL,
  -- The session's random data key, wrapped, and which secret's key wrapped it.
  wrapped_key bytea NOT NULL CHECK (octet_length(wrapped_key) = 61),
  key_id bytea NOT NULL CHECK (octet_length(key_id) = 16),
  -- Whether another secret's key has wrapped the same data key before.
  rewrapped boolean NOT NULL DEFAULT false,
  -- Who opened it, host:pid, for operators.
  owner text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE {schema}.record (
  session_id uuid NOT NULL REFERENCES {schema}.session ON DELETE CASCADE,
  -- HMAC-SHA-256 of type and id, cut to 16 bytes; zeros for the credentials.
  record_hash bytea NOT NULL CHECK (octet_length(record_hash) = 16),
  kind text NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (session_id, record_hash)
){record_storage};

-- What is sealed does not compress.
ALTER TABLE {schema}.record ALTER COLUMN value SET STORAGE EXTERNAL;
{record_partitions}