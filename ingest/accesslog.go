package ingest

import (
	"encoding/json"
	"errors"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"hitkeep"
)

// logLine is one request of an access log.
type logLine struct {
	addr    netip.Addr
	client  string // instead of addr: a host name, or an address made anonymous by the log's writer
	at      time.Time
	method  string
	target  string // as requested: path and query, or a full address
	status  int
	referer string
	agent   string
	host    string // virtual host, where the log has one
}

// The reasons why a line is malformed. They never quote the line: it holds an address.
var (
	errLogFields = errors.New("not an access log line: expected address, time in brackets, quoted request, status")
	errLogTime   = errors.New("the time is not of the form 02/Jan/2006:15:04:05 -0700")
	errLogQuote  = errors.New("a quoted field does not end")
	errLogStatus = errors.New("the status is not a number of three digits")
	errLogJSON   = errors.New("the line is not a JSON object with address, time, request and status")
)

// parseLogLine reads a line of the common or combined format (with or without a virtual host in
// front), or a JSON object as Caddy, nginx and Traefik write them.
func parseLogLine(line string) (logLine, error) {
	if strings.HasPrefix(line, "{") {
		return parseJSONLine(line)
	}
	var l logLine
	head, rest, ok := strings.Cut(line, " [")
	when, rest, ok2 := strings.Cut(rest, "] \"")
	names := strings.Fields(head)
	if !ok || !ok2 || len(names) < 1 {
		return l, errLogFields
	}
	if len(names) > 3 { // virtual host, address, ident, user
		l.host, names = hostOf(names[0]), names[1:]
	}
	l.setClient(names[0])
	var err error
	if l.at, err = time.Parse("02/Jan/2006:15:04:05 -0700", when); err != nil {
		return l, errLogTime
	}
	request, rest, ok := quoted(rest)
	if !ok {
		return l, errLogQuote
	}
	l.setRequest(request)
	return l, l.parseTail(strings.TrimLeft(rest, " "))
}

// parseTail reads what follows the request: status, bytes, and in the combined format referrer
// and user agent.
func (l *logLine) parseTail(s string) error {
	status, s, _ := strings.Cut(s, " ")
	if err := l.setStatus(status); err != nil {
		return err
	}
	_, s, _ = strings.Cut(s, " ") // bytes
	for _, to := range []*string{&l.referer, &l.agent} {
		if s = strings.TrimLeft(s, " "); !strings.HasPrefix(s, `"`) {
			return nil
		}
		var ok bool
		if *to, s, ok = quoted(s[1:]); !ok {
			return errLogQuote
		}
		if *to == "-" {
			*to = ""
		}
	}
	return nil
}

// quoted reads up to the closing quote and undoes \" \\ and \xhh.
func quoted(s string) (text, rest string, ok bool) {
	end := strings.IndexAny(s, `"\`)
	if end < 0 {
		return "", "", false
	}
	if s[end] == '"' {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] != '\\' || i+1 >= len(s):
			b.WriteByte(s[i])
		case s[i+1] == 'x' && i+3 < len(s):
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
			}
			i += 3
		default:
			i++
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func (l *logLine) setClient(s string) {
	if a, ok := parseAddr(s); ok {
		l.addr = a
	} else {
		l.client = s
	}
}

func (l *logLine) setRequest(request string) {
	l.method, l.target, _ = strings.Cut(request, " ")
	if i := strings.LastIndex(l.target, " HTTP/"); i >= 0 {
		l.target = l.target[:i]
	}
}

func (l *logLine) setStatus(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 100 || n > 999 {
		return errLogStatus
	}
	l.status = n
	return nil
}

// jsonLine names the members that Caddy, nginx (by common habit) and Traefik use.
type jsonLine struct {
	Request json.RawMessage `json:"request"` // Caddy: an object; nginx: "GET / HTTP/1.1"
	Status  json.RawMessage `json:"status"`
	TS      json.RawMessage `json:"ts"`

	RemoteAddr string          `json:"remote_addr"`
	Time       string          `json:"time_iso8601"`
	TimeLocal  string          `json:"time_local"`
	Msec       json.RawMessage `json:"msec"`
	Method     string          `json:"request_method"`
	URI        string          `json:"request_uri"`
	Host       string          `json:"host"`
	Referer    string          `json:"http_referer"`
	Agent      string          `json:"http_user_agent"`

	ClientHost       string          `json:"ClientHost"`
	RequestMethod    string          `json:"RequestMethod"`
	RequestPath      string          `json:"RequestPath"`
	RequestHost      string          `json:"RequestHost"`
	DownstreamStatus json.RawMessage `json:"DownstreamStatus"`
	StartUTC         string          `json:"StartUTC"`
	TraefikReferer   string          `json:"request_Referer"`
	TraefikAgent     string          `json:"request_User-Agent"`
}

type caddyRequest struct {
	ClientIP string              `json:"client_ip"`
	RemoteIP string              `json:"remote_ip"`
	Method   string              `json:"method"`
	Host     string              `json:"host"`
	URI      string              `json:"uri"`
	Headers  map[string][]string `json:"headers"`
}

func parseJSONLine(line string) (l logLine, err error) {
	var j jsonLine
	if err := json.Unmarshal([]byte(line), &j); err != nil {
		return l, errLogJSON
	}
	if strings.HasPrefix(string(j.Request), "{") {
		var c caddyRequest
		if json.Unmarshal(j.Request, &c) != nil {
			return l, errLogJSON
		}
		l.method, l.target, l.host = c.Method, c.URI, hostOf(c.Host)
		l.referer, l.agent = first(c.Headers["Referer"]), first(c.Headers["User-Agent"])
		l.setClient(either(c.ClientIP, c.RemoteIP))
	} else {
		l.method, l.target = either(j.Method, j.RequestMethod), either(j.URI, j.RequestPath)
		if l.target == "" {
			l.setRequest(unquote(j.Request))
		}
		l.host = hostOf(either(j.Host, j.RequestHost))
		l.referer, l.agent = either(j.Referer, j.TraefikReferer), either(j.Agent, j.TraefikAgent)
		l.setClient(either(j.RemoteAddr, j.ClientHost))
	}
	if l.target == "" || !l.addr.IsValid() && l.client == "" {
		return l, errLogJSON
	}
	if l.at, err = j.when(); err != nil {
		return l, err
	}
	return l, l.setStatus(either(unquote(j.Status), unquote(j.DownstreamStatus)))
}

// when reads a time given as RFC 3339, in the common format, or as Unix seconds.
func (j *jsonLine) when() (time.Time, error) {
	ts := unquote(j.TS)
	if micros, ok := parseDecimal(either(unquote(j.Msec), ts), 6); ok {
		return time.UnixMicro(micros), nil
	}
	for _, c := range []struct{ layout, text string }{
		{time.RFC3339, j.Time}, {time.RFC3339, j.StartUTC}, {time.RFC3339, ts}, {"02/Jan/2006:15:04:05 -0700", j.TimeLocal},
	} {
		if t, err := time.Parse(c.layout, c.text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errLogTime
}

func unquote(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func either(a, b string) string {
	if a != "" && a != "-" {
		return a
	}
	return b
}

// assets are extensions of files that pages consist of, downloads and feeds: no pageviews.

const assets = `
css js mjs cjs map json jsonld wasm webmanifest appcache htc xsl xslt
png jpg jpeg jpe gif svg svgz webp avif ico cur bmp tif tiff apng heic jxl psd
woff woff2 ttf otf eot
mp3 mp4 m4a m4v webm ogg oga ogv opus wav flac avi mov mkv mpg mpeg wmv flv swf m3u8 ts vtt srt
pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi rtf csv tsv
zip gz tgz bz2 xz zst tar rar 7z jar war deb rpm apk exe msi dmg iso bin img gem whl pcap torrent sig asc sha256 md5
xml rss atom rdf txt log bak sql ics
`

// wellKnown are paths that only programs ask for, wherever they stand.
var wellKnown = [...]string{"/robots.txt", "/favicon", "/apple-touch-icon", "/browserconfig.xml", "/sitemap", "/ads.txt", "/app-ads.txt",
	"/humans.txt", "/security.txt", "/.well-known/", "/xmlrpc.php", "/wp-cron.php", "/wp-json/", "/cdn-cgi/"}

// asset says by its path that a request is for no page: a well-known file, or a file whose
// extension is in the list of assets.
func (s *Service) asset(p string) bool {
	lower := strings.ToLower(p)
	for _, w := range wellKnown {
		if strings.HasPrefix(lower, w) {
			return true
		}
	}
	ext := strings.TrimPrefix(path.Ext(lower), ".")
	return ext != "" && s.assets[ext]
}

func assetSet() map[string]bool {
	m := map[string]bool{}
	for _, e := range strings.Fields(assets) {
		m[e] = true
	}
	return m
}

// logFormats are the values of ImportRequest.Format.
var logFormats = [...]string{"", "combined", "common", "json"}

func checkFormat(format string) error {
	for _, f := range logFormats {
		if f == format {
			return nil
		}
	}
	return hitkeep.BadField("format", "%q is not one of combined, common, json", shorten(format))
}
