-- Grain: one row per row of `facts`, with the visit it belongs to (v_day, v_visitor, v_chain; all
-- null for an engagement or vital outside any visit). Needs CTE `facts` (site_id, day, visitor_id,
-- journal_id, seq, ts, kind, midnight_key and whatever else is to be carried along) holding whole
-- local days, with one day more on each side of the days whose visits are wanted, and the lists
-- $bound_sites, $bound_days, $bound_starts, $bound_ends (local days and their instants in us).
-- Expected cost: one aggregation over facts (about 80 ns CPU a row); the windows see only the
-- visitor-days in `knotty`, some percent of them.

-- Visitor-days that are not simply one visit: a span that may hold a gap, a hit that may join
-- across midnight, an engagement or vital before the first pageview or event.
knotty AS (
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
-- At the same instant a passive hit stands behind the hits that make visits: "at or before".
marked AS (
  SELECT *, epoch_us(ts) AS us, kind NOT IN ('pageview', 'event') AS passive
  FROM facts
  SEMI JOIN knotty USING (site_id, day, visitor_id)
),
paced AS (
  SELECT *, us - max(CASE WHEN NOT passive THEN us END) OVER (
    PARTITION BY site_id, day, visitor_id
    ORDER BY us, passive, journal_id, seq
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gap
  FROM marked
),
opened AS (
  SELECT *, NOT passive AND (gap IS NULL OR gap > 1800000000) AS opens
  FROM paced
),
-- chain 0: passive hits before the day's first visit.
chained AS (
  SELECT *, count_if(opens) OVER (
    PARTITION BY site_id, day, visitor_id
    ORDER BY us, passive, journal_id, seq
    ROWS UNBOUNDED PRECEDING) AS chain
  FROM opened
),
-- The first and the last chain of a visitor-day.
ends AS (
  SELECT
    site_id, day, visitor_id,
    min(us) AS first_us,
    max(us) AS last_us,
    max(CASE WHEN opens THEN us END) AS last_chain_us,
    max(chain) AS last_chain,
    first(midnight_key ORDER BY us, journal_id, seq) AS first_key,
    last(midnight_key ORDER BY us, journal_id, seq) AS last_key
  FROM chained
  WHERE NOT passive
  GROUP BY site_id, day, visitor_id
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
    a.day AS to_day, a.visitor_id AS to_visitor, a.last_chain AS to_chain
  FROM ends AS a
  JOIN ends AS b
    ON b.site_id = a.site_id
    AND b.day = a.day + 1
    AND b.first_key = a.last_key
    AND b.first_us - a.last_us <= 1800000000
  JOIN bounds AS d
    ON d.site_id = a.site_id
    AND d.day = a.day
  WHERE NOT (a.last_chain_us - d.starts <= 1800000000 AND d.ends - a.last_us <= 1800000000)
  QUALIFY row_number() OVER (PARTITION BY a.site_id, a.day, a.visitor_id ORDER BY b.first_us, b.visitor_id) = 1
    AND row_number() OVER (PARTITION BY b.site_id, b.day, b.visitor_id ORDER BY a.last_us DESC, a.visitor_id) = 1
),
stitched AS (
  SELECT f.*, f.day AS v_day, f.visitor_id AS v_visitor, 1::BIGINT AS v_chain
  FROM facts AS f
  ANTI JOIN knotty USING (site_id, day, visitor_id)
  UNION ALL BY NAME
  SELECT
    c.* EXCLUDE (us, passive, gap, opens, chain),
    CASE WHEN c.chain > 0 THEN coalesce(l.to_day, c.day) END AS v_day,
    CASE WHEN c.chain > 0 THEN coalesce(l.to_visitor, c.visitor_id) END AS v_visitor,
    CASE WHEN c.chain > 0 THEN coalesce(l.to_chain, c.chain::BIGINT) END AS v_chain
  FROM chained AS c
  LEFT JOIN links AS l
    ON l.site_id = c.site_id
    AND l.day = c.day
    AND l.visitor_id = c.visitor_id
    AND c.chain = 1
)
