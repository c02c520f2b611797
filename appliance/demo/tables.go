package demo

type source struct {
	weight   int
	referrer string
	query    string
	landing  []string
}

var sources = []source{
	{30, "", "", []string{"/", "/", "/", "/blog/", "/pricing", "/docs/"}},
	{27, "https://www.google.com/", "", []string{"/", "/", "/docs/", "/docs/install", "/blog/cookie-free", "/blog/parquet-lake", "/compare"}},
	{5, "https://duckduckgo.com/", "", []string{"/", "/docs/", "/blog/cookie-free"}},
	{4, "https://www.bing.com/", "", []string{"/", "/docs/install"}},
	{3, "https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=privacy-first&gclid=demo", []string{"/", "/pricing"}},
	{6, "https://news.ycombinator.com/", "", []string{"/", "/blog/parquet-lake", "/blog/exactly-once"}},
	{5, "https://github.com/", "", []string{"/", "/docs/", "/download"}},
	{4, "https://www.reddit.com/", "", []string{"/", "/blog/cookie-free", "/compare"}},
	{3, "https://lobste.rs/", "", []string{"/blog/exactly-once", "/blog/parquet-lake"}},
	{2, "https://www.youtube.com/", "", []string{"/", "/docs/install"}},
	{3, "https://www.linkedin.com/", "", []string{"/", "/blog/cookie-free"}},
	{4, "https://chatgpt.com/", "", []string{"/", "/compare", "/docs/"}},
	{2, "https://www.perplexity.ai/", "", []string{"/", "/compare"}},
	{5, "", "utm_source=newsletter&utm_medium=email&utm_campaign=monthly-notes", []string{"/blog/", "/blog/exactly-once", "/"}},
	{2, "https://selfhosted.example/", "", []string{"/", "/docs/install"}},
	{1, "https://bsky.app/", "", []string{"/", "/blog/parquet-lake"}},
}

var sourceWeights = weightsOf(sources, func(s source) int { return s.weight })

type page struct {
	path   string
	weight int
}

var pageTable = []page{
	{"/", 20}, {"/pricing", 15}, {"/docs/", 14}, {"/docs/install", 12}, {"/docs/tracking", 7}, {"/docs/api", 6},
	{"/blog/", 8}, {"/blog/cookie-free", 6}, {"/blog/parquet-lake", 6}, {"/blog/exactly-once", 4},
	{"/compare", 5}, {"/download", 8}, {"/about", 3}, {"/contact", 2},
}

var (
	sitePages   = pathsOf(pageTable)
	pageWeights = weightsOf(pageTable, func(p page) int { return p.weight })
)

type country struct {
	weight    int
	net       string // first two octets of a network in that country
	languages []string
}

// The networks belong to large access providers; a test checks that they look up as meant.
var countries = []country{
	{24, "84.150", []string{"de-DE", "de-DE", "de-DE", "en-US"}}, // DE
	{23, "73.162", []string{"en-US", "en-US", "en-US", "es-US"}}, // US
	{9, "86.140", []string{"en-GB"}},                             // GB
	{7, "90.40", []string{"fr-FR", "fr-FR", "en-US"}},            // FR
	{5, "84.84", []string{"nl-NL", "en-US"}},                     // NL
	{5, "49.36", []string{"en-IN", "hi-IN", "en-US"}},            // IN
	{4, "99.230", []string{"en-CA", "fr-CA"}},                    // CA
	{4, "83.40", []string{"es-ES"}},                              // ES
	{3, "79.20", []string{"it-IT"}},                              // IT
	{3, "178.196", []string{"de-CH", "fr-CH"}},                   // CH
	{3, "84.115", []string{"de-AT"}},                             // AT
	{3, "177.32", []string{"pt-BR"}},                             // BR
	{3, "126.60", []string{"ja-JP"}},                             // JP
	{2, "78.70", []string{"sv-SE", "en-US"}},                     // SE
	{2, "83.20", []string{"pl-PL"}},                              // PL
	{2, "1.130", []string{"en-AU"}},                              // AU
	{1, "105.224", []string{"en-ZA"}},                            // ZA
	{1, "187.190", []string{"es-MX"}},                            // MX
}

var countryWeights = weightsOf(countries, func(c country) int { return c.weight })

type agent struct {
	weight   int
	format   string // with one %s for the version
	versions []string
	widths   []int
}

var agents = []agent{
	{34, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Safari/537.36",
		[]string{"144", "143", "142", "141"}, []int{1920, 1536, 2560, 1366}},
	{13, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s Safari/605.1.15",
		[]string{"26.1", "26.0", "18.6"}, []int{1512, 1728, 2560}},
	{9, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Safari/537.36",
		[]string{"144", "143"}, []int{1512, 1728, 1920}},
	{10, "Mozilla/5.0 (X11; Linux x86_64; rv:%[1]s.0) Gecko/20100101 Firefox/%[1]s.0",
		[]string{"147", "146", "140"}, []int{1920, 2560, 3840}},
	{5, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%[1]s.0.0.0 Safari/537.36 Edg/%[1]s.0.0.0",
		[]string{"144", "143"}, []int{1920, 1536}},
	{17, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s Mobile/15E148 Safari/604.1",
		[]string{"26.1", "18.6", "18.5"}, []int{390, 393, 430}},
	{18, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Mobile Safari/537.36",
		[]string{"144", "143", "142"}, []int{360, 384, 412}},
	{3, "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s Mobile/15E148 Safari/604.1",
		[]string{"18.6"}, []int{820, 1024}},
}

var agentWeights = weightsOf(agents, func(a agent) int { return a.weight })

var botAgents = []string{
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
	"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
	"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
}

func weightsOf[T any](list []T, weight func(T) int) []int {
	out := make([]int, len(list))
	for i, x := range list {
		out[i] = weight(x)
	}
	return out
}

func pathsOf(pages []page) []string {
	out := make([]string, len(pages))
	for i, p := range pages {
		out[i] = p.path
	}
	return out
}
