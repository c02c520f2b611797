-- The view visits of hitkeep sql. Grain: one row per visit, bots included. Follows stitch.sql and
-- identify.sql. Expected cost: about 1 us CPU per stored hit.
spans AS (
  SELECT
    site_id, v_visitor, v_seq,
    min(us) AS starts,
    max(us) AS ends,
    count_if(kind = 'pageview') AS pageviews,
    count(*) AS events,
    count_if(kind = 'pageview') <= 1 AND count_if(kind = 'event' AND interactive) = 0 AS bounce,
    arg_min({
      'source': source, 'channel': channel, 'referrer': referrer, 'utm_source': utm_source,
      'utm_medium': utm_medium, 'utm_campaign': utm_campaign, 'utm_term': utm_term,
      'utm_content': utm_content, 'click_id': click_id, 'country': country, 'region': region,
      'city': city, 'browser': browser, 'browser_version': browser_version, 'os': os,
      'os_version': os_version, 'device': device, 'screen': screen, 'language': language,
      'hostname': hostname, 'visitor_id': visitor_id, 'day': day, 'via': via
    }, row(us, journal_id, seq)) AS f,
    arg_min({'path': path}, row(us, journal_id, seq)) FILTER (kind = 'pageview') AS entry_hit,
    arg_max({'path': path}, row(us, journal_id, seq)) FILTER (kind = 'pageview') AS exit_hit
  FROM (SELECT *, epoch_us(ts) AS us FROM stitched)
  WHERE kind IN ('pageview', 'event')
  GROUP BY site_id, v_visitor, v_seq
),
attention AS (
  SELECT
    site_id, v_visitor, v_seq,
    sum(engaged_ms)::BIGINT AS engaged_ms,
    arg_min({'bot': bot, 'bot_name': bot_name}, row(epoch_us(ts), journal_id, seq)) FILTER (bot IS NOT NULL) AS verdict
  FROM stitched
  GROUP BY site_id, v_visitor, v_seq
)
SELECT
  n.visit_id, s.site_id, s.f.visitor_id AS visitor_id, s.f.day AS day,
  make_timestamptz(s.starts) AS start_at,
  make_timestamptz(s.ends) AS end_at,
  CASE WHEN s.bounce THEN 0 ELSE (s.ends - s.starts) / 1e6 END AS duration,
  s.pageviews, s.events, s.bounce,
  s.entry_hit.path AS entry_page, s.exit_hit.path AS exit_page,
  s.f.source AS source, s.f.channel AS channel, s.f.referrer AS referrer,
  s.f.utm_source AS utm_source, s.f.utm_medium AS utm_medium, s.f.utm_campaign AS utm_campaign,
  s.f.utm_term AS utm_term, s.f.utm_content AS utm_content, s.f.click_id AS click_id,
  s.f.country AS country, s.f.region AS region, s.f.city AS city,
  s.f.browser AS browser, s.f.browser_version AS browser_version, s.f.os AS os,
  s.f.os_version AS os_version, s.f.device AS device, s.f.screen AS screen, s.f.language AS language,
  s.f.hostname AS hostname, a.engaged_ms,
  a.verdict.bot AS bot, a.verdict.bot_name AS bot_name, s.f.via AS via
FROM spans AS s
JOIN numbered AS n USING (site_id, v_visitor, v_seq)
LEFT JOIN attention AS a USING (site_id, v_visitor, v_seq)
