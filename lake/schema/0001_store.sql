-- The tables of one store (one tenant). No primary key, index or default: DuckDB replays those
-- from its write-ahead log less surely than plain rows. Uniqueness is kept by the one writer.

-- One row: whose store this is. The migration runner keeps schema_version.
CREATE TABLE store (
  tenant_id      BIGINT,
  schema_version INTEGER
);

-- One row per hit that is in no part yet (invariant 9).
CREATE TABLE hot (
  site_id         BIGINT,
  journal_id      BIGINT,
  seq             BIGINT,
  ts              TIMESTAMPTZ,
  received_at     TIMESTAMPTZ,
  day             DATE,
  kind            VARCHAR,
  name            VARCHAR,
  visitor_id      BIGINT,
  midnight_key    BIGINT,
  hostname        VARCHAR,
  path            VARCHAR,
  referrer        VARCHAR,
  source          VARCHAR,
  channel         VARCHAR,
  utm_source      VARCHAR,
  utm_medium      VARCHAR,
  utm_campaign    VARCHAR,
  utm_term        VARCHAR,
  utm_content     VARCHAR,
  click_id        VARCHAR,
  country         VARCHAR,
  region          VARCHAR,
  city            VARCHAR,
  browser         VARCHAR,
  browser_version VARCHAR,
  os              VARCHAR,
  os_version      VARCHAR,
  device          VARCHAR,
  screen          VARCHAR,
  language        VARCHAR,
  interactive     BOOLEAN,
  engaged_ms      BIGINT,
  scroll_depth    INTEGER,
  props           MAP(VARCHAR, VARCHAR),
  revenue         DECIMAL(18, 3),
  currency        VARCHAR,
  vital           DECIMAL(18, 6),
  bot             VARCHAR,
  bot_name        VARCHAR,
  via             VARCHAR,
  import_id       BIGINT
);

-- One row per journal (invariant 4):
-- records = stored + duplicate + dead + erased + expired + moved.
CREATE TABLE watermark (
  journal_id BIGINT,
  applied    BIGINT, -- the last sequence applied
  records    BIGINT, -- how many records that was
  stored     BIGINT, -- rows in hot and in live parts
  duplicate  BIGINT,
  dead       BIGINT,
  erased     BIGINT,
  expired    BIGINT,
  moved      BIGINT
);

-- Client ids of the last 24 h by received_at (invariant 5). client_id is the uint64's bits.
CREATE TABLE seen (
  site_id     BIGINT,
  client_id   BIGINT,
  received_at BIGINT -- microseconds UTC
);

-- How far each imported file has been applied; a byte offset.
CREATE TABLE imports (
  import_id BIGINT,
  position  BIGINT
);

-- Records that cannot be stored, as they stood in the journal.
CREATE TABLE dead (
  journal_id BIGINT,
  seq        BIGINT,
  raw        BLOB,
  reason     VARCHAR,
  died_at    TIMESTAMPTZ
);

-- The live parts. Times are microseconds UTC, days inclusive.
CREATE TABLE part (
  name           VARCHAR, -- path below the lake directory
  site_id        BIGINT,
  day_from       DATE,
  day_to         DATE,
  min_ts         BIGINT,
  max_ts         BIGINT,
  rows           BIGINT,
  bytes          BIGINT,
  schema_version INTEGER,
  epoch          BIGINT,
  added_version  BIGINT, -- the manifest version that names it first
  written_at     BIGINT,
  crc32c         BIGINT  -- of the whole file
);

-- One row. Every change of part raises version by compare-and-swap (invariant 10).
CREATE TABLE manifest (
  version BIGINT,
  epoch   BIGINT
);
INSERT INTO manifest VALUES (0, 0);
