package ingest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestAgents(t *testing.T) {
	for _, c := range []struct{ ua, want string }{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome 131|Windows 10|Desktop"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51", "Edge 131|Windows 10|Desktop"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15", "Safari 17.4|macOS 10.15|Desktop"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1", "Safari 17.4|iOS 17.4|Mobile"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/123.0.6312.52 Mobile/15E148 Safari/604.1", "Chrome 123|iOS 17.4|Mobile"},
		{"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", "Safari 16.6|iOS 16.6|Tablet"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 310.0.0.37.328 (iPhone13,2; iOS 16_6)", "Instagram 310|iOS 16.6|Mobile"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128|Linux |Desktop"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128|Ubuntu |Desktop"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Chrome 124|ChromeOS |Desktop"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36", "Chrome 124|Android 10|Mobile"},
		{"Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Chrome 124|Android 13|Tablet"},
		{"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36", "Samsung Internet 24|Android 14|Mobile"},
		{"Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ3A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.0.0 Mobile Safari/537.36", "Android WebView 119|Android 13|Mobile"},
		{"Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0", "Firefox 121|Android 13|Mobile"},
		{"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer 11|Windows 7|Desktop"},
		{"Opera/9.80 (X11; Linux x86_64) Presto/2.12.388 Version/12.16", "Opera 12.16|Linux |Desktop"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0", "Opera 110|Windows 10|Desktop"},
		{"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/76.0.3809.146 TV Safari/537.36", "Samsung Internet 4|Tizen 6|TV"},
		{"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager", "Chrome 79|webOS |TV"},
		{"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15", "Safari 13|PlayStation |Console"},
		{"SAMSUNG-GT-E2232/1.0 Openwave/6.2.3 Profile/MIDP-2.0 Configuration/CLDC-1.1 UP.Browser/6.2.3.3.c.1.101 (GUI) MMP/2.0", "Openwave 6.2| |Mobile"},
		{"Totally Unknown Thing", " | |"},
		{"", " | |"},
	} {
		a := parseAgent(agentKey{ua: c.ua})
		if got := fmt.Sprintf("%s %s|%s %s|%s", a.browser, a.browserVersion, a.os, a.osVersion, a.device); got != c.want {
			t.Errorf("%s\n got %q, want %q", c.ua, got, c.want)
		}
	}
}

func TestClientHints(t *testing.T) {
	const ua = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	for _, c := range []struct {
		k    agentKey
		want string
	}{
		{agentKey{ua: ua, brands: `"Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24"`, platform: "Windows"}, "Brave 131|Windows 10|Desktop"},
		{agentKey{ua: ua, brands: `"Google Chrome";v="131", "Chromium";v="131"`, platform: "Windows", platformVersion: "15.0.0"}, "Chrome 131|Windows 11|Desktop"},
		{agentKey{ua: ua, platform: "Windows", platformVersion: "10.0.0"}, "Chrome 131|Windows 10|Desktop"},
		{agentKey{ua: ua, platform: "Chrome OS", mobile: true}, "Chrome 131|ChromeOS |Mobile"},
	} {
		a := parseAgent(c.k)
		if got := fmt.Sprintf("%s %s|%s %s|%s", a.browser, a.browserVersion, a.os, a.osVersion, a.device); got != c.want {
			t.Errorf("%+v\n got %q, want %q", c.k, got, c.want)
		}
	}
}

func TestBots(t *testing.T) {
	m := newBotMatcher()
	for _, c := range []struct{ ua, reason, name string }{
		{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "ua", "Googlebot"},
		{"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile Safari/537.36 (compatible; GoogleOther)", "ua", "GoogleOther"},
		{"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "ua", "YandexBot"},
		{"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.1; +https://openai.com/gptbot)", "ua", "GPTBot"},
		{"UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", "ua", "UniversalFeedParser"},
		{"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "ua", "facebookexternalhit"},
		{"NeverSeenBefore-Bot/0.1", "ua", "NeverSeenBefore-Bot"},
		{"curl/8.5.0", "ua", "curl"},
		{"python-requests/2.31.0", "ua", "python-requests"},
		{"Go-http-client/2.0", "ua", "Go-http-client"},
		{"Mozilla/5.0", "ua", "Bot"},
		{"Mozilla/5.0 (compatible;)", "ua", "Bot"},
		{"SomeTool/1.0", "ua", "SomeTool"},
		{"Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)", "ua", "Ezooms"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36", "headless", "Headless Chrome"},
		{"Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1", "headless", "PhantomJS"},
		{"", "", ""}, // a missing header is never a verdict
	} {
		if reason, name := m.verdict(c.ua, ""); reason != c.reason || name != c.name {
			t.Errorf("%s: %q %q, want %q %q", c.ua, reason, name, c.reason, c.name)
		}
	}
	for _, ua := range []string{
		humanUA,
		"Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36 (Ecosia android@150.0.0.0)",
		"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager",
		"Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7646.3528N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/88.0 Mobile Safari/537.36 Silk/88.3",
		"Mozilla/5.0 (Linux; Android 11; M2003J15SC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 SogouMobileBrowser/6.0 Mobile Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/440.0.0.29.108;FBBV/540]",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/290.0 Mobile/15E148 Safari/604.1",
		"Nokia6300/2.0 (04.20) Profile/MIDP-2.0 Configuration/CLDC-1.1",
		"Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/34.1244; U; en) Presto/2.8.119 Version/11.10",
		"Mozilla/4.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0; chromeframe/19.0.1084.52)",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Viber/22.0",
	} {
		if reason, name := m.verdict(ua, ""); reason != "" {
			t.Errorf("a person is taken for %q: %s", name, ua)
		}
	}
}

// TestOtherVerdicts: what a hit says of itself beyond the user agent.
func TestOtherVerdicts(t *testing.T) {
	b := newTestbed(t, nil)
	if h := b.one(t, "/ingest", `{"d":"example.com","path":"/","wd":true}`); h.Bot != "headless" {
		t.Errorf("webdriver: %q", h.Bot)
	}
	if h := b.one(t, "/ingest", `{"d":"example.com","path":"/","referrer":"http://www.semalt.com/x"}`); h.Bot != "referrer_spam" || h.BotName != "semalt.com" {
		t.Errorf("referrer spam: %q %q", h.Bot, h.BotName)
	}
	if h := b.one(t, "/ingest", `{"d":"example.com","path":"/"}`, "Remote", "127.0.0.1:1", "User-Agent", ""); h.Bot != "" {
		t.Errorf("no user agent from a reserved address: %q", h.Bot)
	}
	if c := b.Counts(); c["bot_headless"] != 1 || c["bot_referrer_spam"] != 1 || c["accepted"] != 1 || len(b.Recent(1<<40)) != 2 {
		t.Errorf("counts %v", c)
	}
}

func TestSources(t *testing.T) {
	b := newTestbed(t, nil)
	for _, c := range []struct{ query, referrer, source, channel string }{
		// 1..7: paid
		{"?utm_source=google&utm_medium=cpc&utm_campaign=q4+cross-network", "", "Google", "Cross-network"},
		{"?utm_source=amazon&utm_medium=cpc", "", "Amazon", "Paid Shopping"},
		{"?utm_source=x1&utm_medium=ppc&utm_campaign=eshop-sale", "", "x1", "Paid Shopping"},
		{"?utm_source=google&utm_medium=cpm", "", "Google", "Paid Search"},
		{"?gclid=1", "https://www.google.co.uk/", "Google", "Paid Search"},
		{"?msclkid=1", "https://www.bing.com/search", "Bing", "Paid Search"},
		{"?gclid=", "https://www.google.co.uk/", "Google", "Organic Search"},
		{"?utm_source=facebook&utm_medium=paid_social", "", "Facebook", "Paid Social"},
		{"?utm_source=facebook-ads", "", "Facebook", "Paid Social"},
		{"?utm_source=ig", "", "Instagram", "Paid Social"},
		{"?utm_source=youtube&utm_medium=CPC", "", "YouTube", "Paid Video"},
		{"?utm_source=acme&utm_medium=cpm", "", "acme", "Display"},
		{"?utm_source=acme&utm_medium=banner", "", "acme", "Display"},
		{"?utm_source=acme&utm_medium=retargeting", "", "acme", "Paid Other"},
		// 8..19
		{"?utm_campaign=spring+shopping", "", "Direct / None", "Organic Shopping"},
		{"?utm_campaign=workshop", "https://blog.acme.test/p", "blog.acme.test", "Referral"},
		{"", "https://www.ebay.de/itm/1", "eBay", "Organic Shopping"},
		{"", "https://l.facebook.com/l.php?u=1", "Facebook", "Organic Social"},
		{"?utm_source=acme&utm_medium=social-media", "", "acme", "Organic Social"},
		{"", "https://m.youtube.com/watch?v=1", "YouTube", "Organic Video"},
		{"?utm_source=acme&utm_medium=videopost", "", "acme", "Organic Video"},
		{"", "https://chatgpt.com/", "ChatGPT", "AI Assistants"},
		{"?utm_source=chatgpt.com", "", "ChatGPT", "AI Assistants"},
		{"", "https://gemini.google.com/app", "Gemini", "AI Assistants"},
		{"", "https://www.google.com.br/", "Google", "Organic Search"},
		{"", "android-app://com.google.android.googlequicksearchbox/", "Google", "Organic Search"},
		{"?utm_source=acme&utm_medium=organic", "", "acme", "Organic Search"},
		{"", "https://mail.google.com/mail/u/0/", "Gmail", "Email"},
		{"?utm_source=Newsletter", "", "newsletter", "Email"},
		{"?utm_source=acme&utm_medium=e-mail", "", "acme", "Email"},
		{"?utm_source=acme&utm_medium=affiliate", "", "acme", "Affiliates"},
		{"?utm_source=acme&utm_medium=audio", "", "acme", "Audio"},
		{"?utm_source=acme&utm_medium=sms", "", "acme", "SMS"},
		{"?utm_source=acme&utm_medium=webpush", "", "acme", "Mobile Push"},
		{"?utm_source=acme&utm_medium=mobile", "", "acme", "Mobile Push"},
		{"", "https://www.some-blog.test/post?x=1", "some-blog.test", "Referral"},
		{"?ref=producthunt", "", "Product Hunt", "Organic Social"},
		{"?source=Acme+Corp", "", "acme corp", "Referral"},
		{"?ref=one&source=two", "", "two", "Referral"},
		{"?utm_source=first&source=second&ref=third", "https://www.google.com/", "first", "Referral"},
		{"", "", "Direct / None", "Direct"},
		{"?utm_medium=cpc", "", "Direct / None", "Paid Other"},
		// The site itself is no source.
		{"", "https://example.com/other", "Direct / None", "Direct"},
		{"", "https://login.example.com/", "Direct / None", "Direct"},
		{"", "https://shop.example.net/", "Direct / None", "Direct"},
		{"", "chrome-extension://abc/", "Direct / None", "Direct"},
		{"", "not a url", "Direct / None", "Direct"},
	} {
		h := b.one(t, "/ingest", asJSON(t, map[string]string{"url": "https://www.example.com/" + c.query, "d": "example.com", "referrer": c.referrer}))
		if h.Source != c.source || h.Channel != c.channel {
			t.Errorf("%s from %q: %s, %s; want %s, %s", c.query, c.referrer, h.Source, h.Channel, c.source, c.channel)
		}
		if h.Source == "Direct / None" && h.Referrer != "" && c.query == "" {
			t.Errorf("%q: referrer %q of a direct hit", c.referrer, h.Referrer)
		}
	}
}

func TestSourceTable(t *testing.T) {
	s := newSourceTable()
	if len(s.aliases) < 200 {
		t.Errorf("only %d names: a line is malformed", len(s.aliases))
	}
	for line := range strings.Lines(knownSources) {
		if f := strings.Split(strings.TrimSpace(line), "|"); len(f) != 4 && f[0] != "" {
			t.Errorf("malformed line %q", line)
		}
	}
}

func TestPages(t *testing.T) {
	for _, c := range []struct {
		raw        string
		hash       bool
		host, path string
	}{
		{"https://www.Example.com:8443/a/b/?x=1#y", false, "example.com", "/a/b/"},
		{"https://example.com", false, "example.com", "/"},
		{"https://example.com?x", false, "example.com", "/"},
		{"https://u:p@example.com/", false, "example.com", "/"},
		{"https://example.com/#/route?x=1", false, "example.com", "/#/route"},
		{"https://example.com/#!/route", false, "example.com", "/#!/route"},
		{"https://example.com/#section", false, "example.com", "/"},
		{"https://example.com/#section", true, "example.com", "/#section"},
		{"/p?x#y", false, "", "/p"},
		{"//x", false, "", "//x"},
		{"/a%2Fb%20c", false, "", "/a%2Fb%20c"},
		{"/%E2%82%AC%20", false, "", "/€"},
		{"/%ff", false, "", "/%ff"},
		{"/a\x00b\n", false, "", "/ab"},
		{"app://localhost/screen", false, "localhost", "/screen"},
		{"http://[2001:db8::1]:80/x", false, "[2001:db8::1]", "/x"},
	} {
		if p, ok := parsePage(c.raw, c.hash); !ok || p.host != c.host || p.path != c.path {
			t.Errorf("%q: %+v %v, want %s %s", c.raw, p, ok, c.host, c.path)
		}
	}
	for _, raw := range []string{"", "x", "example.com/", "https://", "https:///x", "javascript:alert(1)", "about:blank", "https://a b/", "?x"} {
		if p, ok := parsePage(raw, false); ok {
			t.Errorf("%q gives %+v", raw, p)
		}
	}
	if p, _ := parsePage("/"+strings.Repeat("ä", 3000), false); len(p.path) > maxPath || !strings.HasSuffix(p.path, "ä") {
		t.Errorf("a long path is cut to %d bytes", len(p.path))
	}
}

func TestLanguagesAndScreens(t *testing.T) {
	for in, want := range map[string]string{
		"en-US": "en-us", "de": "de", "zh-Hant-TW": "zh-tw", "es-419": "es-419", "pt_BR": "pt-br", "fr-CH, fr;q=0.9": "fr-ch", "en;q=0.8": "en",
		"": "", "*": "", "C": "", "x-klingon": "", "english": "",
	} {
		if got := language(in); got != want {
			t.Errorf("language %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[int64]string{-1: "", 0: "", 320: "Mobile", 575: "Mobile", 576: "Tablet", 991: "Tablet", 992: "Laptop", 1439: "Laptop", 1440: "Desktop", 2559: "Desktop", 2560: "Wide"} {
		if got := screenClass(in); got != want {
			t.Errorf("screen %d: %q, want %q", in, got, want)
		}
	}
}

func TestCountries(t *testing.T) {
	for in, want := range map[string]string{"8.8.8.8": "US", "2001:4860:4860::8888": "US", "10.0.0.1": "", "127.0.0.1": "", "0.0.0.0": "", "fe80::1": "", "::": ""} {
		if got := country(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if country(netip.Addr{}) != "" {
		t.Error("no address has a country")
	}
}

func TestDecimals(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"12.5", 12500, true}, {"-12.5", -12500, true}, {"0.30000000000000004", 300, true}, {"19.9995", 20000, true}, {"19.9994999", 19999, true},
		{"0.0005", 1, true}, {"-0.0005", -1, true}, {"0.0004", 0, true}, {"1e3", 1000000, true}, {"1.5E-2", 15, true}, {"5e-4", 1, true}, {"4e-9", 0, true}, {"0e300", 0, true},
		{"999999999999999.999", 999999999999999999, true}, {"1000000000000000", 0, false}, {"999999999999999.9996", 0, false}, {"9007199254740993", 0, false},
		{"900719925474099.3", 900719925474099300, true}, {"", 0, false}, {"-", 0, false}, {".", 0, false}, {"1,5", 0, false}, {"1.2.3", 0, false}, {"NaN", 0, false}, {"1e400", 0, false}, {"1e999999", 0, false}, {"٣", 0, false},
	} {
		if got, ok := parseDecimal(c.in, 3); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %d %v, want %d %v", c.in, got, ok, c.want, c.ok)
		}
	}
}
