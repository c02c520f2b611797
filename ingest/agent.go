package ingest

import (
	"net/http"
	"strings"
	"sync"

	"github.com/mileusna/useragent"
)

// Device classes.
const (
	deviceDesktop = "Desktop"
	deviceMobile  = "Mobile"
	deviceTablet  = "Tablet"
	deviceTV      = "TV"
	deviceConsole = "Console"
)

// agentKey is all that a browser says about itself: the user agent and its client hints.
type agentKey struct {
	ua, brands, platform, platformVersion string
	mobile                                bool
}

// agent is what is kept of it. Empty texts are not known.
type agent struct {
	browser, browserVersion, os, osVersion, device string
	bot, botName                                   string
}

// agentCache remembers the last user agents, in memory only: parsing one costs some
// microseconds, and a site's visitors share a few hundred.
type agentCache struct {
	bots *botMatcher

	mu   sync.Mutex // guards seen
	seen *lru[agentKey, agent]
}

const (
	agentsKept = 4096
	maxAgent   = 1024 // bytes looked at of one header; longer ones are cut
)

func newAgentCache(bots *botMatcher) *agentCache {
	return &agentCache{bots: bots, seen: newLRU[agentKey, agent](agentsKept)}
}

// hintsOf takes the user agent and client hints from a browser's request.
func hintsOf(h http.Header) agentKey {
	return agentKey{
		ua:              h.Get("User-Agent"),
		brands:          h.Get("Sec-Ch-Ua"),
		platform:        strings.Trim(h.Get("Sec-Ch-Ua-Platform"), `"`),
		platformVersion: strings.Trim(h.Get("Sec-Ch-Ua-Platform-Version"), `"`),
		mobile:          h.Get("Sec-Ch-Ua-Mobile") == "?1",
	}
}

// bound cuts what a client may have the cache remember.
func (k *agentKey) bound() {
	for _, s := range []*string{&k.ua, &k.brands, &k.platform, &k.platformVersion} {
		if len(*s) > maxAgent {
			*s = strings.Clone((*s)[:maxAgent])
		}
	}
}

func (c *agentCache) lookup(k agentKey) agent {
	k.bound()
	c.mu.Lock()
	a, ok := c.seen.get(k)
	c.mu.Unlock()
	if ok {
		return a
	}
	a = parseAgent(k)
	a.bot, a.botName = c.bots.verdict(k.ua, k.brands)
	c.mu.Lock()
	c.seen.put(k, a)
	c.mu.Unlock()
	return a
}

// parseAgent names browser, system and device: the library's reading, then what it gets wrong,
// then the client hints, which win.
func parseAgent(k agentKey) agent {
	if k.ua == "" {
		return agent{}
	}
	u := useragent.Parse(k.ua)
	a := agent{browser: u.Name, browserVersion: u.Version, os: u.OS, osVersion: u.OSVersion}
	switch {
	case u.Tablet:
		a.device = deviceTablet
	case u.Mobile:
		a.device = deviceMobile
	case u.Desktop:
		a.device = deviceDesktop
	}
	correctBrowser(k.ua, &a)
	correctSystem(k.ua, &a)
	correctDevice(k.ua, &a)
	a.applyHints(k)
	a.browserVersion = shortVersion(a.browserVersion)
	a.osVersion = shortVersion(a.osVersion)
	return a
}

// browserTokens are product tokens that name a browser built on another one; the first found wins.
var browserTokens = [...]struct{ token, name string }{
	{"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edg/", "Edge"}, {"Edge/", "Edge"},
	{"OPR/", "Opera"}, {"OPX/", "Opera"}, {"OPiOS/", "Opera"}, {"OPT/", "Opera"}, {"Opera Mini/", "Opera Mini"},
	{"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex Browser"}, {"YaSearchBrowser/", "Yandex Browser"},
	{"Vivaldi/", "Vivaldi"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"}, {"Brave/", "Brave"},
	{"UCBrowser/", "UC Browser"}, {"UBrowser/", "UC Browser"}, {"MiuiBrowser/", "Mi Browser"},
	{"HuaweiBrowser/", "Huawei Browser"}, {"HeyTapBrowser/", "HeyTap Browser"}, {"VivoBrowser/", "Vivo Browser"},
	{"coc_coc_browser/", "Coc Coc"}, {"Whale/", "Naver Whale"}, {"QQBrowser/", "QQ Browser"},
	{"Silk/", "Amazon Silk"}, {"PaleMoon/", "Pale Moon"}, {"SeaMonkey/", "SeaMonkey"}, {"Waterfox/", "Waterfox"},
	{"Iceweasel/", "Firefox"}, {"Focus/", "Firefox Focus"}, {"Klar/", "Firefox Focus"}, {"FxiOS/", "Firefox"},
	{"Epiphany/", "GNOME Web"}, {"Konqueror/", "Konqueror"}, {"Chromium/", "Chromium"}, {"Ecosia ", "Ecosia"},
	{"Maxthon/", "Maxthon"}, {"Puffin/", "Puffin"}, {"Instagram ", "Instagram"}, {"FBAV/", "Facebook"},
	{"Snapchat/", "Snapchat"}, {"Pinterest/", "Pinterest"}, {"LinkedInApp", "LinkedIn"}, {"MicroMessenger/", "WeChat"},
	{"musical_ly", "TikTok"}, {"BytedanceWebview/", "TikTok"}, {"TikTok ", "TikTok"}, {"Line/", "LINE"}, {"KAKAOTALK", "KakaoTalk"},
	{"GSA/", "Google App"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Headless Chrome"},
	{"NokiaBrowser/", "Nokia Browser"}, {"Openwave/", "Openwave"}, {"NetFront/", "NetFront"}, {"Presto/", "Opera"},
}

func correctBrowser(ua string, a *agent) {
	for _, t := range browserTokens {
		i := strings.Index(ua, t.token)
		if i < 0 {
			continue
		}
		a.browser, a.browserVersion = t.name, digitsAt(ua[i+len(t.token):])
		if t.token == "Presto/" { // Opera 9.8 to 12 tells its version apart
			a.browserVersion = after(ua, "Version/")
		}
		return
	}
	switch {
	case strings.Contains(ua, "Trident/") || strings.Contains(ua, "MSIE "):
		a.browser, a.browserVersion = "Internet Explorer", after(ua, "MSIE ")
		if v := after(ua, "rv:"); a.browserVersion == "" && v != "" {
			a.browserVersion = v
		}
	case strings.Contains(ua, "; wv)") && strings.Contains(ua, "Chrome/"):
		a.browser, a.browserVersion = "Android WebView", after(ua, "Chrome/")
	case strings.Contains(ua, "Firefox/"):
		a.browser, a.browserVersion = "Firefox", after(ua, "Firefox/")
	case strings.Contains(ua, "Android") && strings.Contains(ua, "Version/") && !strings.Contains(ua, "Chrome/"):
		a.browser, a.browserVersion = "Android Browser", after(ua, "Version/")
	case strings.Contains(ua, "Chrome/"):
		a.browser, a.browserVersion = "Chrome", after(ua, "Chrome/")
	case strings.Contains(ua, "Safari/") && strings.Contains(ua, "Version/"):
		a.browser, a.browserVersion = "Safari", after(ua, "Version/")
	case isApple(ua) && strings.Contains(ua, "AppleWebKit/"):
		a.browser, a.browserVersion = "Safari", a.osVersion // a web view has the system's engine
	default:
		a.keepKnownBrowser()
	}
}

// keepKnownBrowser drops what the library took for a name but is only some token of the user
// agent: that would write parts of raw user agents to disk.
func (a *agent) keepKnownBrowser() {
	switch a.browser {
	case "Opera", "BlackBerry", "NetFront", "Safari", "Chrome", "Firefox", "Internet Explorer":
	default:
		a.browser, a.browserVersion = "", ""
	}
}

func isApple(ua string) bool {
	return strings.Contains(ua, "iPhone") || strings.Contains(ua, "iPad") || strings.Contains(ua, "iPod") ||
		strings.Contains(ua, "Macintosh")
}

var windowsNames = map[string]string{
	"10.0": "10", "6.4": "10", "6.3": "8.1", "6.2": "8", "6.1": "7", "6.0": "Vista",
	"5.2": "XP", "5.1": "XP", "5.01": "2000", "5.0": "2000", "4.0": "NT 4",
}

// systemTokens name systems that the library does not know or takes for Linux or Android; the first found wins.
var systemTokens = [...]struct{ token, name, version string }{
	{"Windows Phone", "Windows Phone", "Windows Phone "}, {"Tizen", "Tizen", "Tizen "}, {"Web0S", "webOS", ""}, {"webOS", "webOS", "webOS/"},
	{"PlayStation", "PlayStation", ""}, {"Nintendo", "Nintendo", ""}, {"CrKey", "Chromecast", ""}, {"Roku", "Roku", "Roku/DVP-"},
	{"KAIOS", "KaiOS", "KAIOS/"}, {"CrOS", "ChromeOS", ""}, {"HarmonyOS", "HarmonyOS", "HarmonyOS "}, {"OpenHarmony", "HarmonyOS", "OpenHarmony "},
	{"BB10", "BlackBerry", ""}, {"BlackBerry", "BlackBerry", ""}, {"Symbian", "Symbian", ""}, {"Series60", "Symbian", ""}, {"SeriesOS", "Symbian", ""},
	{"iPhone", "iOS", "OS "}, {"iPod", "iOS", "OS "}, {"iPad", "iOS", "OS "}, {"Android", "Android", "Android "}, {"Adr ", "Android", "Adr "},
	{"Macintosh", "macOS", "Mac OS X "}, {"Ubuntu", "Ubuntu", ""}, {"Fedora", "Fedora", ""}, {"Linux", "Linux", ""}, {"X11", "Linux", ""},
	{"FreeBSD", "FreeBSD", ""}, {"OpenBSD", "OpenBSD", ""}, {"NetBSD", "NetBSD", ""}, {"SunOS", "Solaris", ""},
}

func correctSystem(ua string, a *agent) {
	a.os, a.osVersion = "", ""
	if strings.Contains(ua, "Xbox") {
		a.os = "Xbox"
		return
	}
	if nt := after(ua, "Windows NT "); nt != "" && !strings.Contains(ua, "Windows Phone") {
		a.os, a.osVersion = "Windows", windowsNames[nt]
		return
	}
	for _, b := range [...]string{"FreeBSD", "OpenBSD", "NetBSD", "SunOS"} {
		if strings.Contains(ua, b) {
			a.os = strings.Replace(b, "SunOS", "Solaris", 1)
			return
		}
	}
	for _, t := range systemTokens {
		if strings.Contains(ua, t.token) {
			a.os = t.name
			if t.version != "" {
				a.osVersion = strings.ReplaceAll(after(ua, t.version), "_", ".")
			}
			return
		}
	}
	if strings.Contains(ua, "Windows") {
		a.os = "Windows"
	}
}

var tvTokens = [...]string{"SmartTV", "SMART-TV", "Smart TV", "Web0S", "NetCast", "HbbTV", "AppleTV", "Apple TV", "GoogleTV",
	"Android TV", "AFTB", "AFTT", "AFTM", "AFTS", "AFTN", "BRAVIA", "CrKey", "Roku", "VIDAA", "DTV", "Viera", "Large Screen"}

var handsetTokens = [...]string{"Nokia", "SonyEricsson", "SAMSUNG-", "SAMSUNG ", "LG-", "LGE-", "MOT-", "SIE-", "DoCoMo", "KDDI", "MIDP", "UP.Browser",
	"Symbian", "Series60", "BlackBerry", "BB10", "KAIOS", "Windows Phone", "IEMobile", "Opera Mini", "Opera Mobi", "Mobile", "HTC_", "ZTE-"}

func correctDevice(ua string, a *agent) {
	switch {
	case contains(ua, tvTokens[:]) || a.os == "Tizen" && strings.Contains(ua, "TV"):
		a.device = deviceTV
	case a.os == "PlayStation" || a.os == "Nintendo" || a.os == "Xbox":
		a.device = deviceConsole
	case strings.Contains(ua, "iPad") || strings.Contains(ua, "Tablet") || strings.Contains(ua, "Kindle") || strings.Contains(ua, "PlayBook"):
		a.device = deviceTablet
	case a.os == "Android" && !strings.Contains(ua, "Mobile") && strings.Contains(ua, "Chrome/"):
		a.device = deviceTablet // a phone's Chrome says Mobile
	case a.os == "iOS" || a.os == "Android" || contains(ua, handsetTokens[:]):
		a.device = deviceMobile
	case a.os != "":
		a.device = deviceDesktop
	}
}

func contains(s string, tokens []string) bool {
	for _, t := range tokens {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}

// hintBrands are brands that a user agent string hides.
var hintBrands = [...]struct{ brand, name string }{
	{"Brave", "Brave"}, {"Opera", "Opera"}, {"Microsoft Edge", "Edge"}, {"Vivaldi", "Vivaldi"}, {"YaBrowser", "Yandex Browser"},
	{"Yandex", "Yandex Browser"}, {"Samsung Internet", "Samsung Internet"}, {"DuckDuckGo", "DuckDuckGo"}, {"Norton", "Norton Private Browser"},
	{"Avast Secure Browser", "Avast Secure Browser"}, {"Whale", "Naver Whale"}, {"CocCoc", "Coc Coc"}, {"Ecosia", "Ecosia"},
}

func (a *agent) applyHints(k agentKey) {
	for _, b := range hintBrands {
		if i := strings.Index(k.brands, `"`+b.brand); i >= 0 {
			a.browser, a.browserVersion = b.name, after(k.brands[i:], `;v="`)
			break
		}
	}
	switch k.platform {
	case "Windows":
		a.os, a.osVersion = "Windows", windowsOf(k.platformVersion, a.osVersion)
	case "macOS", "Android", "iOS":
		a.os = k.platform
		if k.platformVersion != "" {
			a.osVersion = k.platformVersion
		}
	case "Chrome OS", "Chromium OS":
		a.os, a.osVersion = "ChromeOS", ""
	}
	if k.mobile && a.device == deviceDesktop {
		a.device = deviceMobile
	}
}

// windowsOf tells Windows 11 from 10, whose user agents are the same: 13 and above is 11.
func windowsOf(platformVersion, known string) string {
	major := digitsAt(platformVersion)
	if i := strings.IndexByte(major, '.'); i >= 0 {
		major = major[:i]
	}
	switch {
	case major == "" || major == "0":
		return known
	case len(major) >= 2 && major >= "13":
		return "11"
	}
	return "10"
}

// after returns the version that follows a token, "" without it.
func after(ua, token string) string {
	if i := strings.Index(ua, token); i >= 0 {
		return digitsAt(ua[i+len(token):])
	}
	return ""
}

// digitsAt returns the leading version: digits, dots and underscores.
func digitsAt(s string) string {
	n := 0
	for n < len(s) && n < 20 && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || s[n] == '_') {
		n++
	}
	return s[:n]
}

// shortVersion keeps major and minor, and the minor only if it says something: 17.4, 120.
func shortVersion(v string) string {
	parts := strings.SplitN(strings.ReplaceAll(v, "_", "."), ".", 3)
	if len(parts) == 1 || parts[1] == "" || strings.Trim(parts[1], "0") == "" {
		return parts[0]
	}
	return parts[0] + "." + parts[1]
}

// screenClass names a screen by its width in CSS pixels: Mobile below 576, Tablet below 992,
// Laptop below 1440, Desktop below 2560, else Wide; "" where it is not known.
func screenClass(width int64) string {
	switch {
	case width <= 0:
		return ""
	case width < 576:
		return "Mobile"
	case width < 992:
		return "Tablet"
	case width < 1440:
		return "Laptop"
	case width < 2560:
		return "Desktop"
	}
	return "Wide"
}

// language folds a BCP 47 tag to primary language and region, lower case: en-us, zh-tw, de.
// An Accept-Language list gives its first tag. "" for what is no tag.
func language(tag string) string {
	if i := strings.IndexAny(tag, ",;"); i >= 0 {
		tag = tag[:i]
	}
	tag = strings.ToLower(strings.TrimSpace(tag))
	n := subtag(tag)
	primary, rest := tag[:n], tag[n:]
	if n < 2 || n > 3 || !letters(primary) {
		return ""
	}
	for rest != "" {
		n := subtag(rest[1:])
		p := rest[1 : n+1]
		if n == 2 && letters(p) || n == 3 && strings.Trim(p, "0123456789") == "" {
			return primary + "-" + p
		}
		rest = rest[n+1:]
	}
	return primary
}

// subtag returns how long the first part of a tag is.
func subtag(tag string) int {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		return i
	}
	return len(tag)
}

func letters(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return true
}
