package ingest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dchest/siphash"

	"hitkeep"
)

// Limits of what a sender may say about one hit.
const (
	maxProps     = 30
	maxPropKey   = 300  // characters
	maxPropValue = 2000 // characters
	maxEngaged   = 24 * 60 * 60 * 1000
)

// payload is what a body says, in whichever of the accepted forms it came. One reader serves
// them all, since a name means the same wherever it is allowed; the two exceptions are `p`
// (properties as an object, the path as a string) and `v` (a vital's value, a tracker's version),
// which only their endpoints look at.
type payload struct {
	typ, name, url, path, domain, referrer, lang string
	campaign                                     campaign
	clientID                                     uint64
	screenW                                      int64
	timestamp, ip, agent                         string // believed from authenticated senders only
	props                                        []hitkeep.Prop
	revenueMilli                                 int64
	currency                                     string
	notInteractive                               bool
	engagedMS                                    int64
	scroll                                       int32
	value                                        string // a vital's value, a decimal
	hash                                         bool   // the page's address is in the fragment
	webdriver                                    bool
}

// parsePayload reads one JSON object. Unknown members are skipped.
func parsePayload(b []byte, p *payload) error {
	*p = payload{engagedMS: hitkeep.Absent, scroll: hitkeep.Absent}
	j := &jsonBody{b: b}
	if err := j.object(func(key string) error {
		j.field = key
		return p.member(j, key)
	}); err != nil {
		return err
	}
	return j.end()
}

func (p *payload) member(j *jsonBody, key string) error {
	if text := p.textMember(key); text != nil {
		v, err := j.scalar()
		*text = v.text
		return err
	}
	switch key {
	case "p":
		return p.propsOrPath(j)
	case "props", "properties", "m", "meta":
		return p.readProps(j)
	case "rev", "revenue", "$":
		return p.readRevenue(j)
	}
	if !p.scalarMember(key) {
		_, err := j.skip(1)
		return err
	}
	v, err := j.scalar()
	if err != nil || v.kind == 'n' {
		return err
	}
	return p.setScalar(key, v)
}

// textMember returns where the text of a member goes, nil if it is no text member.
func (p *payload) textMember(key string) *string {
	switch key {
	case "type":
		return &p.typ
	case "n", "name":
		return &p.name
	case "url", "u":
		return &p.url
	case "path":
		return &p.path
	case "d", "domain":
		return &p.domain
	case "r", "referrer":
		return &p.referrer
	case "lang", "language":
		return &p.lang
	case "v", "value":
		return &p.value
	case "timestamp":
		return &p.timestamp
	case "visitor_ip":
		return &p.ip
	case "user_agent":
		return &p.agent
	}
	return p.campaign.member(key)
}

func (p *payload) scalarMember(key string) bool {
	switch key {
	case "id", "i", "interactive", "wd", "h", "hash", "sc_w", "screen_width", "w", "e", "engaged_ms", "sd", "scroll":
		return true
	}
	return false
}

func (p *payload) setScalar(key string, v scalar) error {
	switch key {
	case "id":
		p.clientID = clientID(v)
	case "i", "interactive":
		p.notInteractive = !truthy(v)
	case "wd":
		p.webdriver = truthy(v)
		// Only hk.js sends wd, and it leaves the fragment in url only where it is the page's address.
		p.hash = true
	case "h", "hash":
		p.hash = truthy(v)
	case "sc_w", "screen_width", "w":
		return p.setScreen(key, v)
	case "e", "engaged_ms":
		return p.setEngaged(key, v)
	case "sd", "scroll":
		return p.setScroll(key, v)
	}
	return nil
}

func truthy(v scalar) bool {
	return v.kind != 'f' && v.text != "" && v.text != "0" && v.text != "false"
}

// clientID reads a hit's id: 16 hex digits as hk.js makes them, or a number. Any other text
// stands for itself through a hash, so that senders may use ids of their own.
func clientID(v scalar) uint64 {
	base := 16
	if v.kind == '0' {
		base = 10
	}
	if n, err := strconv.ParseUint(v.text, base, 64); err == nil {
		return n
	}
	if v.text == "" {
		return 0
	}
	return siphash.Hash(0, 0, []byte(v.text))
}

func whole(field string, v scalar) (int64, error) {
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1<<53 {
		return 0, hitkeep.BadField(field, "%q is not a number", shorten(v.text))
	}
	return int64(f), nil
}

func (p *payload) setScreen(field string, v scalar) (err error) {
	p.screenW, err = whole(field, v)
	return err
}

func (p *payload) setEngaged(field string, v scalar) error {
	n, err := whole(field, v)
	if err == nil && (n < 0 || n > maxEngaged) {
		err = hitkeep.BadField(field, "must be visible milliseconds between 0 and %d", maxEngaged)
	}
	p.engagedMS = n
	return err
}

// setScroll takes a percentage. Trackers in the field send values out of range (255) where
// the depth is not known: they count as not sent.
func (p *payload) setScroll(field string, v scalar) error {
	n, err := whole(field, v)
	if n >= 0 && n <= 100 {
		p.scroll = int32(n)
	}
	return err
}

// propsOrPath reads `p`: properties in an event, also as JSON in a string (older trackers),
// or the path in a vital.
func (p *payload) propsOrPath(j *jsonBody) error {
	if c := j.peek(); c == '{' || c == '[' {
		return p.readProps(j)
	}
	v, err := j.scalar()
	if err != nil || v.kind == 'n' {
		return err
	}
	if strings.HasPrefix(v.text, "{") {
		return p.readProps(&jsonBody{b: []byte(v.text), field: j.field})
	}
	p.path = v.text
	return nil
}

func (p *payload) readProps(j *jsonBody) error {
	if j.peek() != '{' {
		v, err := j.scalar()
		if err == nil && v.kind == '"' && v.text != "" {
			return p.readProps(&jsonBody{b: []byte(v.text), field: j.field})
		}
		if err == nil && v.kind != 'n' && v.text != "" {
			err = hitkeep.BadField(j.field, "must be an object of properties")
		}
		return err
	}
	return j.object(func(key string) error { return p.readProp(j, key) })
}

// readProp keeps props sorted by key without repeats; the last of equal keys wins.
func (p *payload) readProp(j *jsonBody, key string) error {
	value, err := propValue(j)
	key = clean(key, 4*maxPropKey)
	if err != nil || value == "" || key == "" {
		return err
	}
	if utf8.RuneCountInString(key) > maxPropKey || utf8.RuneCountInString(value) > maxPropValue {
		return hitkeep.BadField(j.field, "property %q is longer than %d characters", shorten(key), maxPropValue)
	}
	at, found := slices.BinarySearchFunc(p.props, key, func(q hitkeep.Prop, k string) int { return strings.Compare(q.Key, k) })
	if found {
		p.props[at].Value = value
		return nil
	}
	// At once: keeping thousands of them sorted first would cost a stranger's request much time.
	if len(p.props) == maxProps {
		return hitkeep.BadField(j.field, "has more than %d properties; at most %[1]d are kept", maxProps)
	}
	p.props = slices.Insert(p.props, at, hitkeep.Prop{Key: key, Value: value})
	return nil
}

// propValue takes a property's value as text; objects and arrays as their JSON.
func propValue(j *jsonBody) (string, error) {
	if c := j.peek(); c == '{' || c == '[' {
		raw, err := j.skip(1)
		return clean(valid(raw), 4*maxPropValue+4), err
	}
	v, err := j.scalar()
	return clean(v.text, 4*maxPropValue+4), err
}

func (p *payload) readRevenue(j *jsonBody) error {
	if j.peek() != '{' {
		v, err := j.scalar()
		if err != nil || v.kind == 'n' || v.text == "" {
			return err
		}
		if v.kind == '"' && strings.HasPrefix(v.text, "{") {
			return p.readRevenue(&jsonBody{b: []byte(v.text), field: j.field})
		}
		return hitkeep.BadField(j.field, "must be an object with amount and currency")
	}
	var amount, currency string
	if err := j.object(func(key string) error {
		to := new(string)
		switch key {
		case "amount", "a":
			to = &amount
		case "currency", "c":
			to = &currency
		}
		v, err := j.scalar()
		*to = v.text
		return err
	}); err != nil {
		return err
	}
	return p.setRevenue(j.field, amount, currency)
}

func (p *payload) setRevenue(field, amount, currency string) error {
	milli, ok := parseDecimal(amount, 3)
	if !ok {
		return hitkeep.BadField(field, "amount %q is not a decimal of up to 15 digits before the point", shorten(amount))
	}
	code := strings.ToUpper(strings.TrimSpace(currency))
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return hitkeep.BadField(field, "currency %q is not a code of three letters such as EUR", shorten(currency))
	}
	p.revenueMilli, p.currency = milli, code
	return nil
}

// parseDecimal reads a decimal text (JSON's number form) as an integer of 10^-scale units,
// exactly: money never passes through a binary fraction. Digits beyond the scale round half
// away from zero. Not ok: no number, or 10^18 units and more.
func parseDecimal(s string, scale int) (units int64, ok bool) {
	s = strings.TrimSpace(s)
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < -400 || n > 400 {
			return 0, false
		}
		mantissa, exp = s[:i], n
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	intPart, frac, _ := strings.Cut(digits, ".")
	all := intPart + frac
	if all == "" || len(all) > 400 || strings.Trim(all, "0123456789") != "" {
		return 0, false
	}
	// keep is how many of all's digits lie left of the last unit.
	keep := len(intPart) + exp + scale
	units, ok = roundDigits(all, keep)
	if negative {
		units = -units
	}
	return units, ok
}

// roundDigits reads the first keep digits of all, padded with zeros, and rounds by the next.
func roundDigits(all string, keep int) (int64, bool) {
	if keep < 0 {
		return 0, true
	}
	var n int64
	for i := range keep {
		d := int64(0)
		if i < len(all) {
			d = int64(all[i] - '0')
		}
		if n = n*10 + d; n >= 1e18 {
			return 0, false
		}
		if n == 0 && i >= len(all) {
			return 0, true
		}
	}
	if keep < len(all) && all[keep] >= '5' {
		n++
	}
	return n, n < 1e18
}

// clean makes a text fit to store: valid UTF-8, without control characters and outer spaces,
// cut at max bytes.
func clean(s string, max int) string {
	s = strings.TrimSpace(s)
	if len(s) <= max && plain(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > max {
		for max > 0 && !utf8.RuneStart(s[max]) {
			max--
		}
		s = s[:max]
	}
	return strings.TrimSpace(s)
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// shorten cuts a text for an error message.
func shorten(s string) string { return clean(s, 60) }
