-- Grain: one row per row of `facts`, with visit_id (null outside any visit). Follows stitch.sql.
-- visit_id is the same in every DuckDB version: 63 bits of an MD5 over the visit's first hit.
firsts AS (
  SELECT site_id, v_visitor, v_seq, min(row(epoch_us(ts), journal_id, seq, visitor_id)) AS hit
  FROM stitched
  WHERE kind IN ('pageview', 'event')
  GROUP BY site_id, v_visitor, v_seq
),
numbered AS (
  SELECT
    site_id, v_visitor, v_seq,
    (md5_number_lower(concat_ws('|', hit[4], hit[2], hit[3])) >> 1)::BIGINT AS visit_id
  FROM firsts
),
identified AS (
  SELECT s.* EXCLUDE (v_visitor, v_seq), n.visit_id
  FROM stitched AS s
  LEFT JOIN numbered AS n
    ON n.site_id = s.site_id
    AND n.v_visitor = s.v_visitor
    AND n.v_seq = s.v_seq
)
