package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hitkeep"
)

// sqlBed holds two visits of one visitor, one linked over midnight, one bot; two sites; the first
// day is in a part.
func sqlBed(t *testing.T) *bed {
	b := newBed(t)
	h := func(s string, visitor, seq int64) hitkeep.Hit { return hitAt(at(t, berlin, s), berlin, visitor, seq) }
	hits := []hitkeep.Hit{
		h("2026-11-02 10:00:00", 50, 1), h("2026-11-02 10:01:30", 50, 2), h("2026-11-02 23:50:00", 51, 3),
		h("2026-11-03 00:10:00", 52, 4), h("2026-11-03 09:00:00", 53, 5), h("2026-11-03 09:00:00", 54, 6),
	}
	hits[1].Path, hits[1].Props = "/b", []hitkeep.Prop{{Key: "plan", Value: "pro"}}
	hits[2].MidnightKey, hits[3].MidnightKey = 9, 9
	hits[4].Bot, hits[4].BotName = hitkeep.BotUserAgent, "TestBot"
	hits[5].Site = 8
	b.fill(hits)
	day, _ := hitkeep.ParseDay("2026-11-02")
	b.rollDays(hits, func(d hitkeep.Day) bool { return d == day })
	return b
}

// runSQL runs text in a transaction of its own, as Lake.SQL does, and returns columns and rows.
func (b *bed) runSQL(text string, limits SQLLimits) (cols []string, rows []string, err error) {
	b.t.Helper()
	b.exec("BEGIN TRANSACTION READ ONLY")
	defer rollback(b.snap.conn)
	err = b.snap.sql(context.Background(), text, limits, func(hitkeep.SiteID) *time.Location { return berlin },
		func(columns []Column, row []any) error {
			if row == nil {
				for _, c := range columns {
					cols = append(cols, c.Name)
				}
				return nil
			}
			rows = append(rows, strings.TrimSuffix(fmt.Sprintln(row...), "\n"))
			return nil
		})
	return cols, rows, err
}

func TestSQLViews(t *testing.T) {
	b := sqlBed(t)
	for _, c := range []struct{ sql, want string }{
		{"select count(*), count(distinct visit_id) from hits", "6 4"},
		{"SELECT count(*) FROM visits;", "4"},
		{"select count(*) from hits where bot is null", "5"},
		{"select path, props['plan'] from hits where props is not null", "/b pro"},
		{"select day, duration, pageviews, events, bounce, entry_page, exit_page from visits where bot is null and site_id = 7 order by start_at", "2026-11-02 90 2 2 false / /b; 2026-11-02 1200 2 2 false / /"},
		{"select bot, bot_name, duration from visits where bot is not null", "ua TestBot 0"},
		{"with v as (select visit_id, count(*) n from hits group by 1) select max(n) from v join visits using (visit_id)", "2"},
		{"select sum(i) from range(4) t(i)", "6"},
		{"from hits select seq order by seq desc limit 2", "6; 5"},
		{"with recursive r as (select 1 n union all select n + 1 from r where n < 3) select count(*) from r", "3"},
		{"select h.visit_id = v.visit_id from hits h join visits v on v.visit_id = h.visit_id where h.seq = 4", "true"},
		{"select date_trunc('hour', ts), row_number() over (order by seq) from hits where seq = 1", "2026-11-02 09:00:00 +0000 UTC 1"},
		{"(select 1 as n) union all (select 2) order by n desc", "2; 1"},
		{"select [x + 1 for x in [1, 2]], {'a': 1}, 1.50::decimal(4, 2), sum(10::hugeint)", "[2 3] map[a:1] 1.5 10"},
		{"select h from hits h where false", ""},
		{"select hits.* exclude (ts) from hits where path like '%none'", ""},
		{"select count(*) filter (kind = 'pageview'), any_value(case when site_id = 8 then 'x' end) from hits", "6 x"},
	} {
		_, rows, err := b.runSQL(c.sql, SQLLimits{})
		if got := strings.Join(rows, "; "); err != nil || got != c.want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.sql, got, err, c.want)
		}
	}
	cols, _, err := b.runSQL("select * from hits limit 0", SQLLimits{})
	if err != nil || strings.Join(cols, " ") != strings.Join(viewColumns, " ") {
		t.Errorf("columns of hits: %v, %v", cols, err)
	}
	_, rows, err := b.runSQL("select (select count(*) from hits), (select count(*) from visits)", SQLLimits{Sites: []hitkeep.SiteID{8}})
	if err != nil || rows[0] != "1 1" {
		t.Errorf("one site: %v, %v", rows, err)
	}
	if _, rows, err = b.runSQL("select count(*) from hits", SQLLimits{Sites: []hitkeep.SiteID{}}); err != nil || rows[0] != "0" {
		t.Errorf("no sites: %v, %v", rows, err)
	}
}

// TestSQLAttacks tries what must not work. Each is tried as given: a syntax error would prove
// nothing, so every text but those that say so is one that DuckDB's parser takes.
func TestSQLAttacks(t *testing.T) {
	b := sqlBed(t)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("word\nplaintext\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	for _, text := range []string{
		"select * from '" + secret + "'",
		`select * from "` + secret + `"`,
		"select * from read_csv('" + secret + "')",
		"select * from read_csv_auto('" + secret + "')",
		"select * from read_text('" + secret + "')",
		"select * from read_blob('" + secret + "')",
		"select * from read_parquet('" + b.snap.dir + "/*.parquet')",
		"select * from parquet_metadata('x.parquet')",
		"select * from glob('/*')",
		"select (select count(*) from '" + secret + "')",
		"select * from hits where path in (select word from '" + secret + "')",
		"select 1 order by (select count(*) from '" + secret + "')",
		"select count(*) over (order by (select count(*) from '" + secret + "')) from hits",
		"select 1 limit (select count(*) from '" + secret + "')",
		"with x as (select * from '" + secret + "') select * from x",
		`with "` + secret + `" as (select 1) select * from "` + secret + `"`,
		`select * from (with "` + secret + `" as (select 1) select * from hits) t, "` + secret + `"`,
		"select * from (with duckdb_settings as (select 1) select 1) t, duckdb_settings",
		"select * from (with pg_tables as (select 1) select 1) t, pg_tables",
		"with hits as (select 1) select * from hits",
		"select * from hits, lateral (select * from '" + secret + "')",
		"select * from hits union all by name select * from '" + secret + "'",
		"select list_transform([1], lambda x: (select count(*) from '" + secret + "'))",
		"copy (select 1) to '" + out + "'",
		"copy hits to '" + out + "'",
		"export database '" + out + "'",
		"attach '" + out + "' as x",
		"install httpfs",
		"load httpfs",
		"select 1; copy (select 1) to '" + out + "'",
		"select 1; drop table t_1.hot",
		"delete from t_1.hot",
		"insert into t_1.hot select * from t_1.hot",
		"update t_1.hot set path = 'x'",
		"drop table t_1.hot",
		"create table x as select 1",
		"create temp macro hits() as table select 1",
		"alter table t_1.hot add column x integer",
		"set memory_limit = '100GB'",
		"reset memory_limit",
		"pragma database_list",
		"call pragma_database_list()",
		"checkpoint",
		"begin",
		"rollback",
		"use t_1",
		"vacuum",
		"explain select 1",
		"explain analyze select 1",
		"describe hits",
		"summarize hits",
		"show tables",
		"show all tables",
		"prepare p as select 1",
		"execute p",
		"select * from t_1.hot",
		"select * from t_1.main.hot",
		"select * from hot",
		"select * from part",
		"select * from memory.main.hits",
		"select * from temp.hits",
		"select * from information_schema.tables",
		"select * from pg_catalog.pg_tables",
		"select * from duckdb_settings()",
		"select * from duckdb_settings",
		"select * from duckdb_secrets()",
		"select * from pragma_table_info('hits')",
		"select * from sqlite_master",
		"select * from query('select 1')",
		"select * from query_table('t_1.hot')",
		"select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
		"select json_serialize_plan('select * from ''" + secret + "''')",
		"select getenv('HOME')",
		"select current_setting('temp_directory')",
		"select getvariable('x')",
		"select current_user, current_database()",
		"select current_query()",
		"select write_log('x')",
		"select nextval('s')",
		"select pg_sleep(1)",
		"select sleep_ms(1000)",
		"select system.main.current_setting('home_directory')",
		"select main.current_setting('home_directory')",
		"select current_setting('threads') over ()",
		"select * from hits at (version => 1)",
		"select $1",
		"select ?",
		"pivot hits on kind",
		"pivot (from hits) on kind in ('a') using count(*)",
		"select * from test_all_types()",
		"select * from sniff_csv('" + secret + "')",
		"select * from repeat_row(1, num_rows = 10)",
		"select * from which_secret('x', 's3')",
		"",
		"-- nothing",
		"select 1 from hits where path = (select getenv('HOME'))",
		"values (getenv('HOME'))",
		"select case when getenv('HOME') is null then 1 end",
		"select count(*) filter (getenv('HOME') is null) from hits",
		"select sum(seq order by getenv('HOME')) from hits",
		"select * replace (getenv('HOME') as path) from hits",
		"select columns(c -> getenv('HOME') = c) from hits",
		"select distinct on (getenv('HOME')) 1",
		"select 1 group by getenv('HOME')",
		"select 1 having getenv('HOME') is null",
		"select 1 from hits qualify getenv('HOME') is null",
		"select * from range(length(getenv('HOME')))",
		"select 1 from hits a join hits b on getenv('HOME') is null",
	} {
		_, rows, err := b.runSQL(text, SQLLimits{})
		if err == nil {
			t.Errorf("ran: %s\n%v", text, rows)
			continue
		}
		if code := hitkeep.CodeOf(err); code != hitkeep.Invalid {
			t.Errorf("%s: code %q: %v", text, code, err)
		}
		if strings.Contains(err.Error(), "plaintext") {
			t.Errorf("%s: the error tells: %v", text, err)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
	if _, rows, err := b.runSQL("select count(*) from hits", SQLLimits{}); err != nil || rows[0] != "6" {
		t.Errorf("afterwards: %v, %v", rows, err)
	}
}

func TestSQLLimits(t *testing.T) {
	b := sqlBed(t)
	if _, rows, err := b.runSQL("select seq from hits", SQLLimits{Rows: 3}); hitkeep.CodeOf(err) != hitkeep.TooLarge || len(rows) != 3 {
		t.Errorf("rows: %d, %v", len(rows), err)
	}
	if _, _, err := b.runSQL("select seq from hits", SQLLimits{Rows: 6}); err != nil {
		t.Errorf("as many rows as allowed: %v", err)
	}
	if _, _, err := b.runSQL("select 'x", SQLLimits{}); hitkeep.CodeOf(err) != hitkeep.Invalid {
		t.Errorf("syntax error: %v", err)
	}
	if _, _, err := b.runSQL("select nonsense from hits", SQLLimits{}); hitkeep.CodeOf(err) != hitkeep.Invalid {
		t.Errorf("unknown column: %v", err)
	}
	sinkErr := errors.New("the reader has gone")
	b.exec("BEGIN TRANSACTION READ ONLY")
	defer rollback(b.snap.conn)
	err := b.snap.sql(context.Background(), "select seq from hits", SQLLimits{}, func(hitkeep.SiteID) *time.Location { return berlin },
		func(_ []Column, row []any) error {
			if row != nil {
				return sinkErr
			}
			return nil
		})
	if !errors.Is(err, sinkErr) {
		t.Errorf("sink's error: %v", err)
	}
}

// A query that would run for ages ends when its context does, with the context's cause.
func TestSQLCancel(t *testing.T) {
	b := sqlBed(t)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	b.exec("BEGIN TRANSACTION READ ONLY")
	defer rollback(b.snap.conn)
	go cancel(stopped)
	err := b.snap.sql(ctx, "select count(*) from range(10000000000) a, range(10000000000) b where a.range + b.range < 0", SQLLimits{},
		func(hitkeep.SiteID) *time.Location { return berlin }, func([]Column, []any) error { return nil })
	if !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
