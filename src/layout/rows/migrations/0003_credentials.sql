-- Format 3: whether a session had credentials when it was opened.
--
-- A session that had some and has none any more lost them, by a restore that broke off for example: it is not one that
-- was never paired, and must not start fresh.

ALTER TABLE {schema}.session ADD COLUMN has_creds boolean NOT NULL DEFAULT false;

UPDATE {schema}.session AS s SET has_creds = true WHERE EXISTS (
  SELECT FROM {schema}.record AS r WHERE r.session_id = s.session_id AND r.kind = 'creds'
);
