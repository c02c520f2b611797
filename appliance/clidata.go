package appliance

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"hitkeep"
)

func runImport(ctx context.Context, c *call) error {
	if err := c.required("site"); err != nil {
		return err
	}
	f, err := c.openArg(c.args[0])
	if err != nil {
		return hitkeep.BadField("FILE", "%v", err)
	}
	defer f.Close()
	var last importReport
	err = c.admin(ctx, func(a *adminClient) error {
		return a.stream(ctx, "/imports?site="+url.QueryEscape(*c.opt["site"]), f, func(line []byte) error {
			last = importReport{}
			if err := json.Unmarshal(line, &last); err != nil {
				return err
			}
			if !c.json && !last.Visible {
				fmt.Fprintf(c.stderr, "%d lines read, %d hits\n", last.Lines, last.Hits)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(last)
	}
	return last.print(c.stdout)
}

// print explains what became of each line.
func (r *importReport) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		n    int64
		what string
	}{
		{r.Lines, "lines in the file"},
		{r.Skipped, "of them imported before"},
		{r.Hits, "pageviews stored, bots included"},
		{r.Bots, "of these from bots: stored, left out of reports"},
		{r.Assets, "left out: images, styles, scripts, feeds and other files that are no pages"},
		{r.OtherStatus, "left out: status neither 2xx nor 304"},
		{r.OtherMethod, "left out: method other than GET"},
		{r.OtherHost, "left out: another site's host"},
		{r.Blank, "blank"},
		{r.BadLines, "malformed"},
	} {
		fmt.Fprintf(t, "%d\t  %s\n", row.n, row.what)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, m := range r.Malformed {
		fmt.Fprintf(w, "  line %d: %s\n", m.Line, m.Reason)
	}
	if more := r.BadLines - int64(len(r.Malformed)); more > 0 {
		fmt.Fprintf(w, "  and %d more malformed lines\n", more)
	}
	_, err := fmt.Fprintf(w, "all are visible to queries (import %s)\n", r.Import)
	return err
}

func runSQL(ctx context.Context, c *call) error {
	write, err := c.sqlWriter(*c.opt["format"])
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"Query": c.args[0], "Team": *c.opt["team"]})
	if err != nil {
		return err
	}
	err = c.admin(ctx, func(a *adminClient) error {
		return a.stream(ctx, "/sql", strings.NewReader(string(body)), write.line)
	})
	if err != nil {
		return err
	}
	return write.end()
}

// sqlWriter formats a streamed result: a first line {"columns":[...]}, then one array a row.
type sqlWriter struct {
	columns []string
	row     func(values []json.RawMessage) error
	start   func() error
	end     func() error
}

func (s *sqlWriter) line(line []byte) error {
	if s.columns == nil {
		var head struct{ Columns []string }
		if err := json.Unmarshal(line, &head); err != nil {
			return err
		}
		s.columns = head.Columns
		return s.start()
	}
	var values []json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil {
		return err
	}
	return s.row(values)
}

func (c *call) sqlWriter(format string) (*sqlWriter, error) {
	if format == "" && c.json {
		format = "json"
	}
	switch format {
	case "", "table":
		return c.sqlTable(), nil
	case "csv":
		return c.sqlCSV(), nil
	case "json":
		return c.sqlJSON(), nil
	}
	return nil, usagef("--format %q is not one of table, csv, json", format)
}

func (c *call) sqlTable() *sqlWriter {
	s := &sqlWriter{}
	t := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	s.start = func() error {
		_, err := fmt.Fprintln(t, strings.Join(s.columns, "\t"))
		return err
	}
	s.row = func(values []json.RawMessage) error {
		_, err := fmt.Fprintln(t, strings.Join(plainTexts(values, "-"), "\t"))
		return err
	}
	s.end = t.Flush
	return s
}

func (c *call) sqlCSV() *sqlWriter {
	s := &sqlWriter{}
	w := csv.NewWriter(c.stdout)
	s.start = func() error { return w.Write(s.columns) }
	s.row = func(values []json.RawMessage) error { return w.Write(plainTexts(values, "")) }
	s.end = func() error {
		w.Flush()
		return w.Error()
	}
	return s
}

// sqlJSON prints an array of objects whose keys keep the order of the columns.
func (c *call) sqlJSON() *sqlWriter {
	s := &sqlWriter{}
	open := "["
	s.start = func() error { return nil }
	s.row = func(values []json.RawMessage) error {
		var b strings.Builder
		b.WriteString(open + "\n{")
		for i, v := range values {
			key, err := json.Marshal(s.columns[i])
			if err != nil {
				return err
			}
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s:%s", key, v)
		}
		b.WriteByte('}')
		open = ","
		_, err := io.WriteString(c.stdout, b.String())
		return err
	}
	s.end = func() error {
		text := "\n]\n"
		if open == "[" {
			text = "[]\n"
		}
		_, err := io.WriteString(c.stdout, text)
		return err
	}
	return s
}

// plainTexts shows JSON strings without quotes and null as the given text.
func plainTexts(values []json.RawMessage, null string) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		var s string
		switch {
		case string(v) == "null":
			texts[i] = null
		case json.Unmarshal(v, &s) == nil:
			texts[i] = s
		default:
			texts[i] = string(v)
		}
	}
	return texts
}

func runCompact(ctx context.Context, c *call) error {
	path := "/compact"
	if *c.on["now"] {
		path += "?now=true"
	}
	return c.admin(ctx, func(a *adminClient) error {
		return a.stream(ctx, path, nil, func(line []byte) error {
			var l struct {
				Rolling, Site, Why string
				Parts              *int
				Seconds            float64
			}
			if err := json.Unmarshal(line, &l); err != nil {
				return err
			}
			if l.Parts != nil {
				_, err := fmt.Fprintf(c.stdout, "%d part(s) written in %.1f s\n", *l.Parts, l.Seconds)
				return err
			}
			_, err := fmt.Fprintf(c.stderr, "site %s: %s (%s)\n", l.Site, l.Rolling, l.Why)
			return err
		})
	})
}

func runLakeFiles(ctx context.Context, c *call) error {
	q := url.Values{}
	for _, n := range []string{"site", "from", "to"} {
		if v := *c.opt[n]; v != "" {
			q.Set(n, v)
		}
	}
	var files []lakeFile
	if err := c.ask(ctx, http.MethodGet, "/lake/files?"+q.Encode(), nil, &files); err != nil {
		return err
	}
	return c.list(files, func(t io.Writer) {
		for _, f := range files {
			fmt.Fprintf(t, "%s\t%s\t%d rows\t%d bytes\t%s\t%s\n", f.Path, f.Site, f.Rows, f.Bytes,
				f.From.Format("2006-01-02T15:04:05Z"), f.To.Format("2006-01-02T15:04:05Z"))
		}
	})
}

func runLakeCheck(ctx context.Context, c *call) error {
	var report checkReport
	if err := c.ask(ctx, http.MethodGet, "/lake/check", nil, &report); err != nil {
		return err
	}
	if c.json {
		if err := c.printJSON(report); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.stdout, "%d parts with %d rows, %d hot rows\n", report.Parts, report.PartRows, report.HotRows)
		for _, p := range report.Problems {
			fmt.Fprintln(c.stdout, "problem:", p)
		}
	}
	if n := len(report.Problems); n > 0 {
		return fmt.Errorf("%d problem(s) found", n)
	}
	return nil
}

func runDeadList(ctx context.Context, c *call) error {
	var dead []deadRecord
	if err := c.ask(ctx, http.MethodGet, "/dead", nil, &dead); err != nil {
		return err
	}
	return c.list(dead, func(t io.Writer) {
		for _, d := range dead {
			fmt.Fprintf(t, "%s\t%d:%d\t%s\n", d.At.Format("2006-01-02T15:04:05Z"), d.Journal, d.Seq, d.Reason)
		}
	})
}

func runStatus(ctx context.Context, c *call) error {
	var s statusAnswer
	if err := c.ask(ctx, http.MethodGet, "/status", nil, &s); err != nil {
		return err
	}
	return c.list(s, func(t io.Writer) {
		fmt.Fprintf(t, "version\t%s\n", s.Version)
		state := "stopped (this command opened the directory)"
		if s.Running {
			state = "running for " + s.Uptime + " on " + s.Listen
		}
		fmt.Fprintf(t, "state\t%s\n", state)
		fmt.Fprintf(t, "data\t%s\n", s.DataDir)
		fmt.Fprintf(t, "users, sites\t%d, %d\n", s.Users, s.Sites)
		fmt.Fprintf(t, "journal\t%d bytes, %d records not yet stored\n", s.JournalBytes, s.Lag)
		fmt.Fprintf(t, "hot rows\t%d\n", s.HotRows)
		fmt.Fprintf(t, "parts\t%d with %d rows, %d bytes\n", s.Parts, s.PartRows, s.PartBytes)
		fmt.Fprintf(t, "dead letters\t%d\n", s.Dead)
	})
}
