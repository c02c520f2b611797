-- Grain: one row per combination of the dimensions d0, d1, ...; m0, m1, ... are the metrics.
-- Expected cost: about 0.3 us CPU per hit of the range and its two neighbouring days.
WITH
facts AS NOT MATERIALIZED (
  SELECT site_id, day, visitor_id, journal_id, seq, ts, kind, midnight_key, bot, interactive, source
  FROM t_1.hot
  WHERE site_id = $site
    AND day BETWEEN DATE '1970-01-01' + $day_from::INTEGER AND DATE '1970-01-01' + $day_to::INTEGER
  UNION ALL
  SELECT site_id, day, visitor_id, journal_id, seq, ts, kind, midnight_key, bot, interactive, source
  FROM read_parquet($files, hive_partitioning = false)
  WHERE site_id = $site
    AND day BETWEEN DATE '1970-01-01' + $day_from::INTEGER AND DATE '1970-01-01' + $day_to::INTEGER
),
-- Grain: one row per row of `facts`, with the visit it belongs to (v_visitor, v_seq; both null for an
-- engagement or vital outside any visit). Needs CTE `facts` (site_id, day, visitor_id, journal_id,
-- seq, ts, kind, midnight_key and whatever else is to be carried along) holding whole local days,
-- with one day more on each side of the days whose visits are wanted, and the lists $bound_sites,
-- $bound_days, $bound_starts, $bound_ends (local days and their instants in us).
-- Expected cost: one aggregation and one join over facts, about 0.15 us CPU a row.

-- Visitor-days that are not simply one visit: a span that may hold a gap, a hit that may join
-- across midnight, an engagement or vital before the first pageview or event. Some percent.
suspects AS (
  SELECT site_id, day, visitor_id
  FROM facts
  GROUP BY site_id, day, visitor_id
  HAVING (
    max(CASE WHEN kind IN ('pageview', 'event') THEN epoch_us(ts) END)
      - min(CASE WHEN kind IN ('pageview', 'event') THEN epoch_us(ts) END) <= 1800000000
    AND min(epoch_us(ts)) = min(CASE WHEN kind IN ('pageview', 'event') THEN epoch_us(ts) END)
    AND count(midnight_key) = 0
  ) IS NOT TRUE
),
-- The moments of a visitor-day's pageviews and events, ascending; empty if there are none.
moments AS (
  SELECT
    site_id, day, visitor_id,
    coalesce(list_sort(list(epoch_us(ts)) FILTER (kind IN ('pageview', 'event'))), []) AS us_all,
    first(midnight_key ORDER BY ts, journal_id, seq) FILTER (kind IN ('pageview', 'event')) AS first_key,
    last(midnight_key ORDER BY ts, journal_id, seq) FILTER (kind IN ('pageview', 'event')) AS last_key
  FROM facts
  SEMI JOIN suspects USING (site_id, day, visitor_id)
  GROUP BY site_id, day, visitor_id
),
-- Where its chains begin. Equal moments are always in one chain, so a moment says which.
chains AS (
  SELECT *, list_filter(us_all, lambda us, i: i = 1 OR us - us_all[i - 1] > 1800000000) AS starts
  FROM moments
),
bounds AS (
  SELECT
    unnest($bound_sites) AS site_id,
    DATE '1970-01-01' + unnest($bound_days)::INTEGER AS day,
    unnest($bound_starts) AS starts,
    unnest($bound_ends) AS ends
),
-- Midnight links: the last chain of day D and the first of D+1 are one visit, but for visitors
-- that are there all day long. Equal keys mean one visitor; should keys of several ever be equal,
-- the choice does not depend on the order of rows.
links AS (
  SELECT
    b.site_id, b.day, b.visitor_id,
    a.visitor_id AS to_visitor,
    (a.day - DATE '1970-01-01') * 1000 + len(a.starts) AS to_seq
  FROM chains AS a
  JOIN chains AS b
    ON b.site_id = a.site_id
    AND b.day = a.day + 1
    AND b.first_key = a.last_key
    AND b.us_all[1] - a.us_all[-1] <= 1800000000
  JOIN bounds AS d
    ON d.site_id = a.site_id
    AND d.day = a.day
  WHERE NOT (a.starts[-1] - d.starts <= 1800000000 AND d.ends - a.us_all[-1] <= 1800000000)
  QUALIFY row_number() OVER (PARTITION BY a.site_id, a.day, a.visitor_id ORDER BY b.us_all[1], b.visitor_id) = 1
    AND row_number() OVER (PARTITION BY b.site_id, b.day, b.visitor_id ORDER BY a.us_all[-1] DESC, a.visitor_id) = 1
),
knots AS (
  SELECT c.site_id, c.day, c.visitor_id, c.starts, l.to_visitor, l.to_seq
  FROM chains AS c
  LEFT JOIN links AS l USING (site_id, day, visitor_id)
),
-- chain 0: passive hits before the day's first visit, which belong to none.
chained AS NOT MATERIALIZED (
  SELECT
    f.*, k.to_visitor, k.to_seq,
    len(list_filter(k.starts, lambda s: s <= epoch_us(f.ts))) AS chain
  FROM (SELECT * FROM facts SEMI JOIN suspects USING (site_id, day, visitor_id)) AS f
  JOIN knots AS k USING (site_id, day, visitor_id)
),
-- A day has less than a thousand chains. The joins are written so that their hash tables are over
-- suspects: one outer join of facts and knots would be planned with its table over all of facts.
stitched AS (
  SELECT f.*, f.visitor_id AS v_visitor, (f.day - DATE '1970-01-01') * 1000 + 1 AS v_seq
  FROM facts AS f
  ANTI JOIN suspects USING (site_id, day, visitor_id)
  UNION ALL BY NAME
  SELECT
    * EXCLUDE (to_visitor, to_seq, chain),
    CASE chain WHEN 0 THEN NULL WHEN 1 THEN coalesce(to_visitor, visitor_id) ELSE visitor_id END AS v_visitor,
    CASE chain WHEN 0 THEN NULL WHEN 1 THEN coalesce(to_seq, (day - DATE '1970-01-01') * 1000 + 1)
      ELSE (day - DATE '1970-01-01') * 1000 + chain END AS v_seq
  FROM chained
)
,
hits AS NOT MATERIALIZED (
  SELECT *, epoch_us(ts) AS us
  FROM stitched
  WHERE v_seq IS NOT NULL
),
-- One bot hit makes its visit a bot's visit.
bots AS (
  SELECT DISTINCT v_visitor, v_seq
  FROM hits
  WHERE bot IS NOT NULL
),
-- Whole visits, also where the range cuts them.
built AS (
  SELECT
    v_visitor, v_seq,
    min(us) AS starts,
    max(us) AS ends,
    count_if(kind = 'pageview') <= 1 AND count_if(kind = 'event' AND interactive) = 0 AS bounce,
    arg_min_null(source, row(us, journal_id, seq)) AS source
  FROM hits AS h
  ANTI JOIN bots USING (v_visitor, v_seq)
  WHERE kind IN ('pageview', 'event')
  GROUP BY v_visitor, v_seq
),
visits AS (
  SELECT b.*
  FROM built AS b
),
-- Hits of people's visits that the filter lets through.
matched AS NOT MATERIALIZED (
  SELECT h.v_visitor, h.v_seq, h.visitor_id, h.kind, h.us, coalesce(v.source, '(not set)') AS d0
  FROM hits AS h
  JOIN visits AS v USING (v_visitor, v_seq)
  WHERE true
),
-- One row per visit and combination of the dimensions that are not time.
counted AS NOT MATERIALIZED (
  SELECT v.*, coalesce(v.source, '(not set)') AS d0
  FROM visits AS v
  WHERE true
),
visit_rows AS (
  SELECT d0, count(*) AS visits, count_if(bounce) AS bounces, sum(CASE WHEN bounce THEN 0 ELSE ends - starts END) AS duration_us
  FROM counted
  WHERE starts >= $from AND starts < $to
  GROUP BY ALL
),
hit_rows AS (
  SELECT d0, count(DISTINCT visitor_id) AS visitors, count_if(kind = 'pageview') AS pageviews, count(*) AS events
  FROM matched
  WHERE kind IN ('pageview', 'event') AND us >= $from AND us < $to
  GROUP BY ALL
),
merged AS (
  SELECT
    d0, bool_or(base) AS base,
    coalesce(sum(visitors), 0) AS visitors,
    coalesce(sum(pageviews), 0) AS pageviews,
    coalesce(sum(events), 0) AS events,
    coalesce(sum(visits), 0) AS visits,
    coalesce(sum(bounces), 0) AS bounces,
    coalesce(sum(duration_us), 0) AS duration_us
  FROM (
    SELECT *, true AS base FROM hit_rows
    UNION ALL BY NAME
    SELECT *, true AS base FROM visit_rows
  )
  GROUP BY ALL
)
SELECT d0, (visitors)::DOUBLE AS m0, (1e2 * bounces / nullif(visits, 0))::DOUBLE AS m1, count(*) OVER () AS total
FROM merged
WHERE base
ORDER BY m0 DESC NULLS LAST, d0
LIMIT $limit OFFSET $offset
