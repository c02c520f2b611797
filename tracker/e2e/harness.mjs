// The bench of the browser tests: a page server that also takes what the tracker sends, and a real
// Chromium whose clock and network the tests hold. Nothing sleeps: tests wait for a request, a
// console line, or a state of the page.
import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import assert from 'node:assert/strict'

const require = createRequire(new URL('../../ui/package.json', import.meta.url))
const { chromium } = require('playwright-core')

/** Starts Chromium. Names under .test lead to this machine, so that a page is not on localhost. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--host-resolver-rules=MAP *.test 127.0.0.1'],
    // Playwright turns the back/forward cache off by default; one test is about it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })

/**
 * Serves pages and scripts and records what is posted. page(path) -> {html, headers} may be
 * replaced by a test; answer(hit) -> status decides the answers, 202 unless told otherwise.
 */
export async function serve() {
  const files = new Map()
  for (const name of ['hk.js', 'hk-ext.js']) files.set('/' + name, await readFile(new URL('../' + name, import.meta.url)))
  const s = { hits: [], arrived: [], loads: [], pages: new Map([['/favicon.ico', '']]), answer: () => 202, waiters: [] }
  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url, 'http://x')
    if (req.method == 'POST') {
      let body = ''
      for await (const chunk of req.setEncoding('utf8')) body += chunk
      const hit = { path: pathname, headers: req.headers, ...JSON.parse(body) }
      s.hits.push(hit)
      s.arrived.push(hit.id)
      const status = s.answer(hit)
      if (status) res.writeHead(status, { 'Access-Control-Allow-Origin': '*' }).end()
      else res.destroy()
      s.waiters.splice(0).forEach((check) => check())
      return
    }
    s.loads.push(pathname)
    const file = files.get(pathname)
    if (file)
      return res
        .writeHead(200, { 'Content-Type': 'text/javascript', 'Cross-Origin-Resource-Policy': 'cross-origin' })
        .end(file)
    const page = s.pages.get(pathname)
    if (page === undefined) return res.writeHead(404).end()
    const { html, headers } = typeof page == 'string' ? { html: page } : page
    res.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end('<!doctype html><meta charset=utf-8>' + html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  s.port = server.address().port
  s.close = () => (server.closeAllConnections(), server.close())

  /** Resolves with the first n hits that match, once they are there. */
  s.wait = (match, n = 1) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${n} such hits among ${JSON.stringify(s.hits.map(brief))}`)),
        30_000,
      )
      const check = () => {
        const found = s.hits.filter(match)
        if (found.length < n) return s.waiters.push(check)
        clearTimeout(timer)
        resolve(n == 1 ? found[0] : found.slice(0, n))
      }
      check()
    })
  s.on = (path) => s.hits.filter((hit) => hit.path == path)
  return s
}

const brief = ({ headers, ...hit }) => hit
export const isPageview = (hit) => hit.path == '/ingest'
export const isEvent = (hit) => hit.path == '/ingest/event'
export const isEngagement = (hit) => hit.path == '/ingest/engagement'
export const paths = (hits) => hits.map((hit) => new URL(hit.url).pathname + new URL(hit.url).search)

/** The snippet, with a page that is high enough to scroll. */
export const page = (attributes = '', body = '') =>
  `<title>t</title><script>window.hk = window.hk || function () { (hk.q = hk.q || []).push(arguments) }</script>
   <script defer src="/hk.js" data-site="site.test" ${attributes}></script>
   <body style="margin:0">${body}<div style="height:4000px">.</div>`

/**
 * Opens a tab whose clock stands still at 1 s until a test moves it with now(), and which reports
 * page errors: a tracker that throws fails the test.
 */
export async function tab(browser, { context: options, init } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 1000 }, locale: 'de-DE', ...options })
  await context.addInitScript(() => {
    let now = 1000
    performance.now = () => now
    window.moveClock = (ms) => (now += ms)
  })
  if (init) await context.addInitScript(init)
  const p = await context.newPage()
  p.errors = []
  p.on('pageerror', (e) => p.errors.push(e))
  // What the page sent, in its order; the server sees the order of connections.
  p.sent = []
  p.on('request', (r) => r.method() == 'POST' && p.sent.push(JSON.parse(r.postData()).id))
  p.logged = []
  p.on('console', (m) => p.logged.push(m.text()))
  p.advance = (ms) => p.evaluate((ms) => window.moveClock(ms), ms)
  p.done = async () => {
    assert.deepEqual(p.errors, [], 'the page saw no exception')
    await context.close()
  }
  return p
}

/** Waits for a console line that matches. */
export const logged = (p, pattern) =>
  p.logged.find((line) => pattern.test(line)) ??
  p.waitForEvent('console', { predicate: (m) => pattern.test(m.text()) }).then((m) => m.text())

/**
 * Sends an event and waits for all that the page sent up to it, so that what is missing then was
 * never sent. Puts s.hits into the order of sending.
 */
export async function mark(s, p, name = 'mark') {
  await p.evaluate((name) => hk('event', name), name)
  const { id } = await s.wait((hit) => hit.n == name)
  const count = (list, id) => list.filter((x) => x == id).length
  while (!p.sent.includes(id)) await p.waitForEvent('request')
  const before = p.sent.slice(0, p.sent.indexOf(id))
  await s.wait(() => before.every((id) => count(s.arrived, id) >= count(before, id)))
  s.hits.sort((a, b) => p.sent.indexOf(a.id) - p.sent.indexOf(b.id))
}
