// hk.js: pageviews, engagement and custom events of one page. doc.go has the attributes, the
// fields of each request and what is promised. The promises kept here:
//   - nothing is stored in the browser; unsent hits wait in memory only
//   - nothing is thrown into the page: what the page can call goes through safely()
//   - a hit keeps its id in every re-send, so the server counts it once
//   - no hit leaves the page for a visitor who opted out; that is asked anew for each hit
// 2,048 bytes minified are the limit and the reason for the style: a block instead of a function
// around it, "let" throughout, property names of one letter, no guard that a browser with ES2018
// does not need.

interface EventOptions {
  props?: Record<string, unknown>
  revenue?: { amount: number | string; currency: string }
  interactive?: boolean
}

interface HK {
  (command: string, name?: string, options?: EventOptions): void
  event?(name: string, props?: Record<string, unknown>): void
  /** Calls made before hk.js was there. */
  q?: [string, string?, EventOptions?][]
  /** The script element's data attributes, for hk-ext.js. */
  o?: DOMStringMap
}

/** A hit on its way: the options of its fetch, and its address, which fetch overlooks there. */
interface Hit extends RequestInit {
  u: string
  /** Made once: a re-send is the same hit. */
  body: string
}

{
  let d = document as Document & { prerendering?: boolean }
  let script = d.currentScript as HTMLScriptElement
  let stub = ((self as any).hk || {}) as Partial<HK>

  // A second copy would count everything twice; without its element the script has no address.
  if (script && !stub.event) {
    let page: string | undefined // what engagement belongs to: the last pageview, if any
    // Of the page as it was counted: an event that overtakes its pageview tells the same source.
    let referrer = d.referrer
    let visibleMS = 0
    let visibleSince = 0 // 0 while hidden
    let bottom = 0 // lowest pixel of the page that was seen
    let waiting = new Set<Hit>() // failed, to be sent again
    let nav = navigator as any
    let on = addEventListener
    let random = Math.random

    // A bare attribute is "", so presence decides, not the value.
    let o = script.dataset
    let directory = script.src.split(/[^/]*$/)[0]
    let endpoint = (o.api || directory).split(/\/(ingest)?$/)[0] + '/ingest'

    /** Runs f, which may fail, once the page is really shown: a prerendered one may never be. */
    let safely = (f: () => void) => {
      try {
        // Caught on its way down: the event does not bubble.
        d.prerendering ? on('prerenderingchange', () => safely(f), 1 as any) : f()
      } catch (e) {}
    }

    /** The page as it is reported: a fragment may hold secrets and is sent only where it routes. */
    let url = () => location.href.split('hash' in o ? /$/ : '#')[0]

    /** Eight random hex digits. */
    let hex = () => (1 + random()).toString(16).slice(2, 10)

    let beacon = (hit: Hit) => nav.sendBeacon && nav.sendBeacon(hit.u, hit.body)

    /**
     * Sends until the server has answered for the hit, at most six times in some six minutes.
     * Attempt 0 is a beacon, for which nobody can wait.
     */
    let send = (hit: Hit, attempt = 1) => {
      let again = () =>
        // Bounded: a page that fires events at a dead server must not grow. And jitter, or all
        // pages would come back at once to a server that restarts.
        attempt < 6 &&
        waiting.size < 50 &&
        setTimeout(send, 4 ** (attempt + random()) * 99, hit, attempt + 1, waiting.add(hit))
      waiting.delete(hit)
      // 429 and 5xx are for later; any other answer is final.
      ;(!attempt && beacon(hit)) || fetch(hit.u, hit).then((r) => r.status > 428 && again(), again)
    }

    /** Sends a hit of page unless the visitor, the host or the page is left out. */
    let put = (path: string, page: string, fields: object, attempt?: number) => {
      let why: unknown
      // A sandbox or a policy may deny storage: then nobody can have opted out through it.
      safely(() => (why = localStorage.hk_ignore && 'opt-out'))
      why =
        why ||
        (((nav.doNotTrack > 0) as any) | nav.globalPrivacyControl && o.collectDnt == null && 'dnt') ||
        (o.local == null && /^(|.*localhost|127[.\d]+|\[::1])$/.exec(location.hostname)) ||
        // * stays within a segment, ** crosses slashes, a query never matters.
        RegExp(
          '^\\w+://[^/]*(' +
            (o.exclude || '').replace(/\*\*|\W/g, (c) =>
              c[1] ? '.*' : c == '*' ? '[^/]*' : c == ',' ? '|' : c > ' ' ? '\\' + c : '',
            ) +
            ')(\\?|$)',
        ).exec(page)
      if ('debug' in o) console.log('hk', why ? 'ignored' : path, why || fields)
      if (!why)
        send(
          {
            u: endpoint + path,
            method: 'POST',
            keepalive: 1 as any,
            body: JSON.stringify({
              id: hex() + hex(),
              url: page,
              d: o.site,
              // The server decides what automation means; silence would hide it from the bot report.
              wd: +nav.webdriver,
              ...fields,
            }),
          },
          attempt,
        )
    }

    let seen = () => (bottom = Math.max(bottom, scrollY + innerHeight))

    /** Reports the visible time since the last report, and how deep the page, as high as it is now, was seen. */
    let engage = () => {
      let now = performance.now()
      visibleMS += visibleSince && now - visibleSince
      visibleSince = d.hidden ? 0 : now
      seen()
      if (page && visibleMS > 1) {
        put(
          '/engagement',
          page,
          { e: visibleMS | 0, sd: Math.min(100, (bottom * 100) / d.documentElement.scrollHeight + 0.5) | 0 },
          0,
        )
        visibleMS = 0
      }
    }

    /** Counts the page unless it is the counted one; again = 1 counts it all the same. */
    let pageview = (again?: unknown) => {
      let to = url()
      if (to == page && again != 1) return
      engage()
      visibleMS = bottom = 0
      put('', to, {
        referrer: (referrer = page || referrer),
        vp_w: innerWidth,
        vp_h: innerHeight,
        sc_w: screen.width,
        sc_h: screen.height,
        lang: nav.language,
      })
      page = to
    }

    /** On every change of visibility and at the end: mobile browsers often give no other sign. */
    let leave = () => {
      // A fetch under way outlives the page (keepalive); what waits goes by beacon, and stays in
      // memory all the same: should the page live on, an answer is still wanted.
      waiting.forEach(beacon)
      engage()
    }

    let hk: HK = (command, name, options = {}) =>
      safely(() =>
        command == 'event'
          ? put('/event', url(), {
              n: name,
              p: options.props,
              i: options.interactive,
              rev: options.revenue,
              r: referrer,
            })
          : command == 'pageview' && pageview(1),
      )
    hk.event = (name, props) => hk('event', name, { props })
    hk.o = o
    ;(self as any).hk = hk

    safely(() => {
      on('visibilitychange', leave)
      on('pagehide', leave)
      on('online', leave)
      on('scroll', seen)
      if (o.manual == null) {
        let h = history
        let push = h.pushState
        h.pushState = (...args) => {
          push.apply(h, args)
          safely(pageview)
        }
        on('popstate', pageview)
        // Nobody saw the time in the back/forward cache.
        on('pageshow', (e) => e.persisted && ((visibleSince = 0), pageview(1)))
        pageview()
      }
      if (!/(disable[ODF].*){3}/.test(Object.keys(o) as any))
        d.head.append(Object.assign(d.createElement('script'), { src: directory + 'hk-ext.js', nonce: script.nonce }))
      // After the page's own view, so that a visit does not begin with an event.
      for (let args of stub.q || []) hk(...args)
    })
  }
}
