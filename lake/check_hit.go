package lake

import (
	"unicode/utf8"

	"hitkeep"
)

// The widest values that the columns and every reader of the parts can hold.
const (
	maxDecimal = 1e18                // DECIMAL(18, n) has 18 digits
	maxTS      = 253402300800_000000 // year 10000, where RFC 3339 ends
	maxDay     = maxTS/86400_000000 + 1
)

// unstorable says why no row can hold h, "" if one can. The vectors take any bytes, so what
// DuckDB would not check is checked here.
func unstorable(h *hitkeep.Hit) string {
	switch {
	case h.Site <= 0:
		return "no site"
	case h.TS < 0 || h.TS >= maxTS || h.ReceivedAt < 0 || h.ReceivedAt >= maxTS:
		return "timestamp out of range"
	case h.Day < -1 || h.Day > maxDay:
		return "day out of range"
	case h.Kind > hitkeep.Vital:
		return "unknown kind"
	case h.Via > hitkeep.ViaDemo:
		return "unknown origin"
	case wide(h.RevenueMilli) || wide(h.VitalMicro):
		return "number out of range"
	}
	for _, s := range [...]string{h.Name, h.Hostname, h.Path, h.Referrer, h.Source, h.Channel,
		h.UTMSource, h.UTMMedium, h.UTMCampaign, h.UTMTerm, h.UTMContent, h.ClickID,
		h.Country, h.Region, h.City, h.Browser, h.BrowserVersion, h.OS, h.OSVersion,
		h.Device, h.Screen, h.Language, h.Currency, h.Bot, h.BotName} {
		if !utf8.ValidString(s) {
			return "text is not UTF-8"
		}
	}
	return unstorableProps(h.Props)
}

func wide(v int64) bool { return v >= maxDecimal || v <= -maxDecimal }

func unstorableProps(props []hitkeep.Prop) string {
	for i, p := range props {
		if !utf8.ValidString(p.Key) || !utf8.ValidString(p.Value) {
			return "text is not UTF-8"
		}
		// A MAP with a key twice breaks readers that build a map of it.
		if i > 0 && props[i-1].Key >= p.Key {
			return "properties are not sorted by distinct keys"
		}
	}
	return ""
}
