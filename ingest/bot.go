package ingest

import (
	"regexp"
	"strings"

	"hitkeep"
)

// botMatcher decides by the user agent alone whether a program sent it. Steps, the first that
// matches wins: 1 headless browsers; 2 the list of known bots; 3 words that only programs use;
// 4 forms that no browser has. An empty user agent is no verdict.
type botMatcher struct {
	// grams finds list entries by their first four bytes, so that a user agent is read once
	// whatever the length of the list.
	grams       map[[4]byte][]string
	short       []string // entries below four bytes
	prefixes    []string
	expressions []*regexp.Regexp
}

func newBotMatcher() *botMatcher {
	m := &botMatcher{grams: make(map[[4]byte][]string, len(botLiterals))}
	for _, l := range botLiterals {
		if p, ok := strings.CutPrefix(l, "^"); ok {
			m.prefixes = append(m.prefixes, p)
		} else if len(l) < 4 {
			m.short = append(m.short, l)
		} else {
			g := [4]byte([]byte(l[:4]))
			m.grams[g] = append(m.grams[g], l)
		}
	}
	for _, e := range botExpressions {
		m.expressions = append(m.expressions, regexp.MustCompile(e))
	}
	return m
}

// verdict returns the reason and the bot's name, both "" for people.
func (m *botMatcher) verdict(ua, brands string) (reason, name string) {
	if strings.Contains(ua, "HeadlessChrome") || strings.Contains(brands, "HeadlessChrome") {
		return hitkeep.BotHeadless, "Headless Chrome"
	}
	if strings.Contains(ua, "PhantomJS") || strings.Contains(ua, "SlimerJS") {
		return hitkeep.BotHeadless, "PhantomJS"
	}
	if ua == "" {
		return "", ""
	}
	if name = m.listed(ua); name == "" || address(name) {
		if w := wordVerdict(ua); name == "" || w != "" && w != anyBot {
			name = w
		}
	}
	if name == "" {
		name = formVerdict(ua)
	}
	if name == "" {
		return "", ""
	}
	return hitkeep.BotUserAgent, name
}

// listed returns the longest entry of the list that occurs in ua; addresses only if no name does.
func (m *botMatcher) listed(ua string) (name string) {
	consider := func(l string, found bool) {
		if !found {
			return
		}
		if name == "" || address(name) && !address(l) || len(l) > len(name) && address(name) == address(l) {
			name = l
		}
	}
	for i := 0; i+4 <= len(ua); i++ {
		for _, l := range m.grams[[4]byte([]byte(ua[i:i+4]))] {
			consider(l, strings.HasPrefix(ua[i:], l))
		}
	}
	for _, l := range m.prefixes {
		consider(l, strings.HasPrefix(ua, l))
	}
	for _, l := range m.short {
		consider(l, strings.Contains(ua, l))
	}
	for _, e := range m.expressions {
		if name != "" {
			break
		}
		name = e.FindString(ua)
	}
	return clean(strings.Trim(name, " /;()+\\"), 60)
}

func address(l string) bool { return strings.ContainsAny(l, ".@") }

// botWords occur, in lower case, in no browser's user agent. The word bot is looked at apart.
var botWords = [...]string{
	"crawl", "spider", "scrap", "slurp", "fetcher", "lighthouse", "pagespeed", "http://", "https://", "www.",
	"python", "java/", "curl/", "wget", "libwww", "perl", "ruby", "php/", "go-http-client", "golang", "node.js", "node-fetch",
	"okhttp", "axios", "guzzle", "httpclient", "http-client", "http client", "httpx", "aiohttp", "undici", "postman", "insomnia", "httpie", "faraday",
	"feedfetch", "feedparser", "feed reader", "feedreader", "rss reader", "rssreader", "feedly", "newsblur", "netvibes",
	"uptime", "monitor", "pingdom", "statuscake", "healthcheck", "health check", "checker", "validator", "linkcheck", "link check",
	"archiver", "archive.org", "preview", "thumbnail", "screenshot", "webcopier", "httrack", "offline explorer", "teleport pro", "cfnetwork/", "protocol discovery",
	"masscan", "zgrab", "nmap", "nikto", "sqlmap", "nuclei", "scanner", "research", "indexer", "parser", "harvest",
	"selenium", "puppeteer", "playwright", "webdriver", "cypress/", "facebookexternalhit", "whatsapp/", "chatgpt", "gptbot", "claude", "perplexity",
	"universalfeed", "websearch", "search engine", "tiny tiny rss", "wordpress/", "drupal", "server", "download", "analyzer", "audit",
}

// wordVerdict returns the product token in which a bot's word stands, "" without one.
func wordVerdict(ua string) string {
	lower := strings.ToLower(ua)
	found := ""
	if i := botWord(lower); i >= 0 {
		found = tokenAt(ua, i)
	}
	if found == "" && mailAddress(lower) {
		found = anyBot
	}
	for _, w := range botWords {
		if found != "" && found != anyBot {
			return found
		}
		if i := strings.Index(lower, w); i >= 0 {
			found = tokenAt(ua, i)
		}
	}
	if found == anyBot {
		return productName(ua)
	}
	return found
}

// anyBot names a bot without a name.
const anyBot = "Bot"

// productName returns the first product token, or the one behind "compatible;".
func productName(ua string) string {
	if i := strings.Index(ua, "compatible; "); i >= 0 {
		ua = ua[i+len("compatible; "):]
	}
	if name := tokenAt(ua, 0); name != "Mozilla" && name != "Opera" && name != "MSIE" {
		return name
	}
	return anyBot
}

// mailAddress finds name@host, by which crawlers can be reached.
func mailAddress(lower string) bool {
	i := strings.IndexByte(lower, '@')
	return i > 0 && i+1 < len(lower) && letters(lower[i+1:i+2]) && strings.Contains(lower[i:], ".")
}

// botWord finds "bot" at the end of a word (bots and robot too), but not in the names of
// devices: CUBOT phones.
func botWord(lower string) int {
	for from := 0; ; {
		i := strings.Index(lower[from:], "bot")
		if i < 0 {
			return -1
		}
		i += from
		end := strings.TrimPrefix(lower[i+3:], "s")
		if (end == "" || end[0] < 'a' || end[0] > 'z') && !strings.HasSuffix(lower[:i], "cu") {
			return i
		}
		from = i + 3
	}
}

// tokenAt returns the product name around position i: letters, digits and a little punctuation,
// without version. A bot's name is all that is ever kept of a user agent; where the word is in
// an address or a sentence the name is anyBot.
func tokenAt(ua string, i int) string {
	inName := func(c byte) bool {
		return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_'
	}
	start, end := i, i
	for start > 0 && inName(ua[start-1]) {
		start--
	}
	for end < len(ua) && inName(ua[end]) {
		end++
	}
	name := ua[start:end]
	beside := func(k int) bool { return k >= 0 && k < len(ua) && strings.IndexByte("@.:", ua[k]) >= 0 }
	if len(name) < 3 || len(name) > 40 || strings.HasPrefix(name, "http") || beside(start-1) || beside(end) {
		return anyBot
	}
	return name
}

// bareForm is one or two product tokens and nothing else; emptyForm a browser's beginning without a system.
var (
	bareForm  = regexp.MustCompile(`^[\w.\-]+([/ ]v?[\w.\-]*)?( [\w.\-]+/[\w.\-]+)?$`)
	emptyForm = regexp.MustCompile(`^(?:Mozilla|Opera)/[\d.]+ *(\( *(compatible|Windows|X11)?[; ]*\))?;?$`)
)

// formVerdict judges the form: browsers name a system in parentheses. Phones before the
// smartphone do not, and are let through by their makers' names.
func formVerdict(ua string) string {
	trimmed := strings.TrimSpace(ua)
	if emptyForm.MatchString(trimmed) {
		return anyBot
	}
	if strings.HasPrefix(trimmed, "Mozilla/") || strings.HasPrefix(trimmed, "Opera/") || contains(trimmed, handsetTokens[:]) {
		return ""
	}
	if bareForm.MatchString(trimmed) {
		return tokenAt(trimmed, 0)
	}
	return ""
}

// spamReferrers are hosts that send hits only to be seen in reports.
var spamReferrers = [...]string{
	"semalt.com", "semaltmedia.com", "buttons-for-website.com", "buttons-for-your-website.com", "darodar.com", "ilovevitaly.com",
	"ilovevitaly.ru", "priceg.com", "hulfingtonpost.com", "cenoval.ru", "bestwebsitesawards.com", "o-o-6-o-o.com", "o-o-8-o-o.com",
	"humanorightswatch.org", "forum.topic55198.com", "simple-share-buttons.com", "social-buttons.com", "free-share-buttons.com",
	"free-social-buttons.com", "get-free-traffic-now.com", "event-tracking.com", "success-seo.com", "videos-for-your-business.com",
	"best-seo-offer.com", "best-seo-solution.com", "100dollars-seo.com", "trafficmonetize.org", "trafficmonetizer.org", "guardlink.org",
	"webmonetizer.net", "kambasoft.com", "econom.co", "iskalko.ru", "savetubevideo.com", "see-your-website-here.com", "7makemoneyonline.com",
	"blackhatworth.com", "4webmasters.org", "sharebutton.net", "sharebutton.to", "floating-share-buttons.com", "googlsucks.com",
	"theguardlan.com", "webmaster-traffic.com", "erot.co", "aliexpress-promo.ru", "sanjosestartups.com", "rankings-analytics.com",
	"makemoneyonline.com", "uptime-alpha.net", "uptimebot.net", "traffic2cash.xyz", "traffic2money.com", "law-enforcement-bot-ff.xyz",
	"responsive-test.net", "yourserverisdown.com", "dailyrank.net", "snip.to", "free-video-tool.com",
	"burger-imperia.com", "hundejo.com", "pizza-imperia.com", "vodkoved.ru", "lumb.co", "descargar-musica-gratis.net", "baixar-musicas-gratis.com",
	"domination.ml", "ranksonic.com", "ranksonic.info", "make-money-online.7makemoneyonline.com", "anticrawler.org",
	"bot-traffic.icu", "bottraffic.xyz", "trafficbot.life", "trafficbot.live", "trafficbot.co", "static.seders.website", "seders.website",
}

func spamReferrer(host string, list map[string]bool) bool {
	for h := host; h != ""; {
		if list[h] {
			return true
		}
		_, rest, ok := strings.Cut(h, ".")
		if !ok {
			return false
		}
		h = rest
	}
	return false
}

func spamSet() map[string]bool {
	m := make(map[string]bool, len(spamReferrers))
	for _, h := range spamReferrers {
		m[h] = true
	}
	return m
}
