// Package tracker owns the scripts a measured page loads: hk.js, the tracker, and hk-ext.js, which
// adds automatic events. It embeds the compiled files and serves them; it has no state, starts no
// goroutine and writes nothing. Package appliance mounts [Handler].
//
// The sources are hk.ts and hk-ext.ts. go generate compiles them with esbuild (command gen), and
// tests hold the committed files to the sources, the sizes to 2,048 and 1,200 bytes, and each
// behaviour below to a real browser (e2e).
//
// # The snippet
//
//	<script defer src="https://stats.example.com/hk.js" data-site="example.com"></script>
//
// and, for calls that may come before the script has loaded,
//
//	<script>window.hk = window.hk || function () { (hk.q = hk.q || []).push(arguments) }</script>
//
// It has to be a classic script (async and defer are fine): a module does not know its own
// element. Attributes without a value count as set; a second copy of the script does nothing.
//
//	data-site                       the site's domain; without it the server goes by Origin, then Referer
//	data-api                        another base URL, or its /ingest, to send to; default: the directory
//	                                hk.js came from, so a base path needs no attribute
//	data-hash                       the fragment routes: a change is a pageview, and it is part of url
//	data-manual                     no automatic pageviews, only hk('pageview')
//	data-exclude                    path patterns, separated by commas, whose pages send nothing: *
//	                                within a segment, ** across them; a query string is ignored
//	data-local                      count localhost, 127.*, ::1 and file: as well
//	data-collect-dnt                count browsers that send Do Not Track or Global Privacy Control
//	data-debug                      say on the console what is sent, what is ignored, and why
//	data-disable-outbound-tracking  \
//	data-disable-download-tracking   } no such automatic events; with all three hk-ext.js is not
//	data-disable-form-tracking      /  loaded, and data-hk-event has no effect
//	data-enable-web-vitals          accepted, without effect yet
//
// In the page:
//
//	hk('event', 'Signup', {props: {plan: 'pro'}, revenue: {amount: 9.5, currency: 'EUR'}, interactive: false})
//	hk.event('Signup', {plan: 'pro'})
//	hk('pageview')                                               counts the page, even a second time
//	<button data-hk-event="Signup" data-hk-prop-plan="pro">      an event per click; on a form, per submission
//
// A visitor opts out with localStorage.hk_ignore = 1, which is read and never written.
//
// # What is sent
//
// POST, text/plain, a JSON object, so that no preflight is needed. A field without a value is
// absent. The site's own cookies are not read; beacons carry the cookies of the server's host.
//
//	all             id      string   16 hex digits, random; equal in every re-send of the same hit
//	                url     string   page, without fragment unless data-hash
//	                d       string   data-site, as written there; absent without it
//	                wd      number   1 if navigator.webdriver is set, else 0: the server decides
//	/ingest         referrer string  document.referrer at first, then the page before, as after a
//	                                 full page load; may be "", may have a query string
//	                vp_w vp_h sc_w sc_h number  viewport and screen, CSS pixels
//	                lang    string   navigator.language
//	/ingest/event   n       string   name, as given by the page
//	                p       object   properties, values as given by the page; may be absent
//	                i       boolean  interactive, only if the page said so
//	                rev     object   {amount: number or string, currency: string}, if any
//	                r       string   the referrer of the page's pageview: an event may overtake it
//	/ingest/engagement
//	                e       integer  visible milliseconds since the page's last such hit, > 0: add them up
//	                sd      integer  0..100, part of the page seen so far, from the top: take the maximum
//
// The automatic events of hk-ext.js have Plausible's names, so that goals live on: "Outbound Link:
// Click" {url}, "File Download" {url}, "Form: Submission" {path, form}; url has no query string.
//
// # When
//
// A pageview is sent when the page is shown (a prerendered page: on activation), on pushState and
// popstate that lead to another url (replaceState and the same url count nothing), and when the
// page returns from the back/forward cache. Engagement is sent when the page is hidden, left, or
// another takes its place. Only visible time counts.
//
// # Delivery
//
// Pageviews and events go by fetch with keepalive. Unless the server answers with less than 429, a
// hit is sent again after about 0.4 to 1.6 s, four times as long after each failure, six times in
// all, with the same body; at most 50 hits wait, in memory only. Waiting hits also go by beacon
// when the page is hidden, left, or online again, and stay, since a beacon tells nothing: the
// server sees the same id twice. Engagement goes by beacon, by fetch where there is none.
package tracker
