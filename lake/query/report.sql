{{- /* One statement per Query. Only structure is filled in here, from the allow-lists of
dimension.go and metric.go; every value is a parameter. See DEFINITIONS.md beside this file. */ -}}
-- Grain: one row per combination of the dimensions d0, d1, ...; m0, m1, ... are the metrics.
-- Expected cost: about 0.3 us CPU per hit of the range and its two neighbouring days.
WITH
facts AS NOT MATERIALIZED (
  SELECT {{.Columns}}
  FROM {{.Hot}}
  WHERE site_id = $site
    AND day BETWEEN DATE '1970-01-01' + $day_from::INTEGER AND DATE '1970-01-01' + $day_to::INTEGER
{{- if .Parts}}
  UNION ALL
  SELECT {{.Columns}}
  FROM read_parquet($files, hive_partitioning = false)
  WHERE site_id = $site
    AND day BETWEEN DATE '1970-01-01' + $day_from::INTEGER AND DATE '1970-01-01' + $day_to::INTEGER
{{- end}}
),
{{.Stitch}},
hits AS NOT MATERIALIZED (
  SELECT *, epoch_us(ts) AS us
  FROM stitched
  WHERE v_seq IS NOT NULL
)
{{- if not .WithBots}},
-- One bot hit makes its visit a bot's visit.
bots AS (
  SELECT DISTINCT v_visitor, v_seq
  FROM hits
  WHERE bot IS NOT NULL
)
{{- end}}
{{- if .Verdict}},
verdicts AS (
  SELECT v_visitor, v_seq, arg_min({'bot': bot, 'bot_name': bot_name}, row(us, journal_id, seq)) AS verdict
  FROM hits
  WHERE bot IS NOT NULL
  GROUP BY v_visitor, v_seq
)
{{- end}}
{{- if .Engaged}},
engaged AS (
  SELECT v_visitor, v_seq, sum(engaged_ms) AS engaged_ms
  FROM hits
  WHERE kind = 'engagement'
  GROUP BY v_visitor, v_seq
)
{{- end}}
{{- if .Visits}},
-- Whole visits, also where the range cuts them.
built AS (
  SELECT
    v_visitor, v_seq,
    min(us) AS starts,
    max(us) AS ends
{{- if .Bounces}},
    count_if(kind = 'pageview') <= 1 AND count_if(kind = 'event' AND interactive) = 0 AS bounce
{{- end}}
{{- range .VisitColumns}},
    {{.}}
{{- end}}
{{- range $i, $flag := .Flags}},
    bool_or({{$flag}}) AS done_{{$i}}
{{- end}}
  FROM hits AS h
{{- if not .WithBots}}
  ANTI JOIN bots USING (v_visitor, v_seq)
{{- end}}
  WHERE kind IN ('pageview', 'event')
  GROUP BY v_visitor, v_seq
),
visits AS (
  SELECT b.*
{{- if .Verdict}}, t.verdict.bot AS bot, t.verdict.bot_name AS bot_name{{end}}
{{- if .Engaged}}, e.engaged_ms{{end}}
  FROM built AS b
{{- if .Verdict}}
  LEFT JOIN verdicts AS t USING (v_visitor, v_seq)
{{- end}}
{{- if .Engaged}}
  LEFT JOIN engaged AS e USING (v_visitor, v_seq)
{{- end}}
)
{{- end}}
{{- range .Matched}},
-- Hits of people's visits that the filter lets through.
{{.Name}} AS NOT MATERIALIZED (
  SELECT h.v_visitor, h.v_seq, h.visitor_id, h.kind, h.us
{{- if $.Attention}}, h.engaged_ms, h.scroll_depth{{end}}
{{- if $.Exits}}, h.journal_id = v.exit_journal AND h.seq = v.exit_seq AS leaves{{end}}
{{- range .Labels}}, {{.}}{{end}}
  FROM hits AS h
{{- if .JoinsVisits}}
  JOIN visits AS v USING (v_visitor, v_seq)
{{- else if not $.WithBots}}
  ANTI JOIN bots USING (v_visitor, v_seq)
{{- end}}
  WHERE {{.Filter}}
)
{{- end}}
{{- range .Counted}},
-- One row per visit and combination of the dimensions that are not time.
{{.Name}} AS NOT MATERIALIZED (
{{- if .Direct}}
  SELECT v.*{{range .Labels}}, {{.}}{{end}}
  FROM visits AS v
  WHERE {{.Filter}}
{{- else}}
  SELECT v.*{{range .Keys}}, m.{{.}}{{end}}
  FROM (
    SELECT DISTINCT v_visitor, v_seq{{range .Keys}}, {{.}}{{end}}
    FROM {{.Matched}}
    WHERE kind IN ('pageview', 'event')
  ) AS m
  JOIN visits AS v USING (v_visitor, v_seq)
{{- end}}
),
{{- if $.Slot}}
-- A visit counts in every bucket in which it is active.
{{.Name}}_slots AS (
  SELECT DISTINCT * EXCLUDE (slot), {{.Buckets}}
  FROM (
    SELECT *, unnest(range(greatest(starts, $from) // {{$.Slot}}, (least(ends, $to - 1) // {{$.Slot}}) + 1)) * {{$.Slot}} AS slot
    FROM {{.Name}}
    WHERE starts < $to AND ends >= $from
  )
),
{{.Rows}} AS (
  SELECT {{range $.Dims}}{{.}}, {{end}}{{.Sums}}
  FROM {{.Name}}_slots
  {{- if .Where}}
  WHERE {{.Where}}{{end}}
  GROUP BY ALL
)
{{- else}}
{{.Rows}} AS (
  SELECT {{range $.StartDims}}{{.}}, {{end}}{{.Sums}}
  FROM {{.Name}}
  WHERE starts >= $from AND starts < $to
  {{- if .Where}} AND {{.Where}}{{end}}
  GROUP BY ALL
)
{{- end}}
{{- end}}
{{- if .HitRows}},
hit_rows AS (
  SELECT {{range .HitDims}}{{.}}, {{end}}count(DISTINCT visitor_id) AS visitors, count_if(kind = 'pageview') AS pageviews, count(*) AS events
  FROM matched
  WHERE kind IN ('pageview', 'event') AND us >= $from AND us < $to
  GROUP BY ALL
)
{{- end}}
{{- if .Percent}},
everybody AS (
  SELECT count(DISTINCT visitor_id) AS visitors
  FROM matched
  WHERE kind IN ('pageview', 'event') AND us >= $from AND us < $to
)
{{- end}}
{{- if .Exits}},
exit_rows AS (
  SELECT {{range .HitDims}}{{.}}, {{end}}count(*) AS exits
  FROM matched
  WHERE leaves AND us >= $from AND us < $to
  GROUP BY ALL
)
{{- end}}
{{- if .Views}},
-- Visible time on the pages that match, of the visits with such a pageview.
viewed AS (
  SELECT v_visitor, v_seq{{range .Keys}}, {{.}}{{end}}, count_if(kind = 'pageview') AS seen, sum(engaged_ms) AS view_ms
  FROM matched
  WHERE kind IN ('pageview', 'engagement')
  GROUP BY ALL
),
view_rows AS (
  SELECT {{range .StartDims}}{{.}}, {{end}}count(*) AS viewers, sum(view_ms) AS view_ms
  FROM viewed
  JOIN visits USING (v_visitor, v_seq)
  WHERE seen > 0 AND starts >= $from AND starts < $to
  GROUP BY ALL
)
{{- end}}
{{- if .Depths}},
scrolled AS (
  SELECT v_visitor, v_seq{{range .Keys}}, {{.}}{{end}}, max(scroll_depth) AS depth
  FROM matched
  WHERE scroll_depth IS NOT NULL
  GROUP BY ALL
),
depth_rows AS (
  SELECT {{range .StartDims}}{{.}}, {{end}}count(*) AS scrollers, sum(depth) AS depth
  FROM scrolled
  JOIN visits USING (v_visitor, v_seq)
  WHERE starts >= $from AND starts < $to
  GROUP BY ALL
)
{{- end}},
merged AS (
  SELECT
    {{range .Dims}}{{.}}, {{end}}bool_or(base) AS base
{{- range .Sums}},
    {{.}}
{{- end}}
  FROM (
{{- range $i, $r := .Rows}}
{{- if $i}}
    UNION ALL BY NAME{{end}}
    SELECT *, {{$r.Base}} AS base FROM {{$r.Name}}
{{- end}}
  )
  GROUP BY ALL
)
SELECT {{range .Dims}}{{.}}, {{end}}{{range .Metrics}}{{.}}, {{end}}count(*) OVER () AS total
FROM merged
{{- if .Dims}}
WHERE base
{{- end}}
ORDER BY {{.OrderBy}}
{{- if .Limit}}
LIMIT $limit OFFSET $offset
{{- end}}
