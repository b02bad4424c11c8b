-- Format 4: which layout the sessions are kept in.
--
-- These tables may be there while the sessions are, or are again, in the accounts table. A session is begun, or moved, in
-- the one layout that stands here, so that stores that have not heard of a move do not keep sessions in two places.

ALTER TABLE {schema}.store ADD COLUMN layout text NOT NULL DEFAULT 'rows' CHECK (layout IN ('rows', 'column'));
