-- What akka-persistence-r2dbc 1.1.2 reads and writes. Run by PostgresTables inside one transaction when a table is missing; may as well
-- be run beforehand by whoever administers the database, and then Finback's user needs no right to create tables.

-- The primary key is the fence: of two writers of one entity, the second to use a sequence number is refused.
CREATE TABLE IF NOT EXISTS event_journal (
  persistence_id     VARCHAR(255) NOT NULL,
  seq_nr             BIGINT NOT NULL,
  slice              INTEGER NOT NULL,
  entity_type        VARCHAR(255) NOT NULL,
  db_timestamp       TIMESTAMP WITH TIME ZONE NOT NULL,
  writer             VARCHAR(255) NOT NULL,
  deleted            BOOLEAN NOT NULL DEFAULT FALSE,
  tags               TEXT ARRAY,
  adapter_manifest   VARCHAR(255),
  event_ser_id       INTEGER NOT NULL,
  event_ser_manifest VARCHAR(255) NOT NULL,
  event_payload      BYTEA NOT NULL,
  meta_ser_id        INTEGER,
  meta_ser_manifest  VARCHAR(255),
  meta_payload       BYTEA,
  PRIMARY KEY (persistence_id, seq_nr)
);

-- For reading a type's events in order of time; not used yet, but building it over a grown journal would lock it.
CREATE INDEX IF NOT EXISTS event_journal_slice_idx
  ON event_journal (slice, entity_type, db_timestamp, seq_nr);

-- One row per entity: the newest snapshot replaces the one before.
CREATE TABLE IF NOT EXISTS snapshot (
  persistence_id    VARCHAR(255) NOT NULL PRIMARY KEY,
  seq_nr            BIGINT NOT NULL,
  slice             INTEGER NOT NULL,
  entity_type       VARCHAR(255) NOT NULL,
  write_timestamp   BIGINT NOT NULL,
  ser_id            INTEGER NOT NULL,
  ser_manifest      VARCHAR(255) NOT NULL,
  snapshot          BYTEA NOT NULL,
  meta_ser_id       INTEGER,
  meta_ser_manifest VARCHAR(255),
  meta_payload      BYTEA
);

-- One row: the masters of the cluster that uses this database, written by them every few seconds, and by whoever forms a cluster before it
-- does (ADR 0031). Not part of a backup's worth; it may be emptied at any time.
CREATE TABLE IF NOT EXISTS finback_cluster (
  id       SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  version  BIGINT NOT NULL,
  masters  TEXT ARRAY NOT NULL,
  renewed  TIMESTAMP WITH TIME ZONE NOT NULL
);
