import { test, before, after, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { launch, serve, tab, page, isPageview, mark, logged } from './harness.mjs'

let browser, s, p
before(async () => (browser = await launch()))
after(() => browser.close())
beforeEach(async () => (s = await serve()))
afterEach(async () => {
  await p.done()
  s.close()
})

const open = async (attributes, { host = 'site.test', ...options } = {}) => {
  s.pages.set('/', page(attributes))
  p = await tab(browser, options)
  await p.goto(`http://${host}:${s.port}/`)
}

/** Waits for the tracker's word, tries everything else, and looks whether anything was sent. */
const sendsNothing = async (pattern) => {
  assert.match(await logged(p, /^hk/), pattern)
  await p.advance(5000)
  await p.evaluate(() => {
    hk('event', 'x')
    hk('pageview')
    history.pushState(0, '', '/2')
  })
  const origin = new URL(p.url()).origin
  s.pages.set('/end', '')
  await p.goto(origin + '/end')
  assert.deepEqual([p.sent, s.hits], [[], []])
}

const doNotTrack = () => Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })
const globalPrivacyControl = () => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })
const noDoNotTrack = () => Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '0' })

test('Do Not Track is honoured', async () => {
  await open('data-debug', { init: doNotTrack })
  await sendsNothing(/ignored dnt/)
})

test('Global Privacy Control is honoured', async () => {
  await open('data-debug', { init: globalPrivacyControl })
  await sendsNothing(/ignored dnt/)
})

test('data-collect-dnt counts both, and a 0 is no wish', async () => {
  for (const [attributes, init] of [
    ['data-collect-dnt', doNotTrack],
    ['data-collect-dnt', globalPrivacyControl],
    ['', noDoNotTrack],
  ]) {
    s.hits.length = 0
    if (p) await p.done()
    await open(attributes, { init })
    await s.wait(isPageview)
  }
})

test('localStorage.hk_ignore opts out, from the next hit on', async () => {
  await open('data-debug')
  await s.wait(isPageview)
  await p.evaluate(() => (localStorage.hk_ignore = 1))
  await p.evaluate(() => hk('event', 'x'))
  await logged(p, /ignored opt-out/)
  s.hits.length = p.sent.length = p.logged.length = 0
  await p.reload()
  await sendsNothing(/ignored opt-out/)
})

test('localhost is ignored and says so', async () => {
  for (const host of ['localhost', '127.0.0.1', 'app.localhost']) {
    await open('data-debug', { host })
    await sendsNothing(/ignored.*localhost|ignored.*127\.0\.0\.1/)
    if (host != 'app.localhost') await p.done()
  }
})

test('localhost says nothing without data-debug', async () => {
  await open('', { host: 'localhost' })
  await p.evaluate(() => hk('event', 'x'))
  s.pages.set('/end', '')
  await p.goto(`http://localhost:${s.port}/end`)
  assert.deepEqual([p.sent, s.hits, p.logged], [[], [], []])
})

test('data-local counts localhost', async () => {
  await open('data-local', { host: 'localhost' })
  const hit = await s.wait(isPageview)
  assert.equal(hit.url, `http://localhost:${s.port}/`)
})

test('hosts that only look local are counted', async () => {
  for (const host of ['localhost.test', '127.test']) {
    s.hits.length = 0
    await open('', { host })
    await s.wait(isPageview)
    if (host != '127.test') await p.done()
  }
})

test('nothing is stored in the browser', async () => {
  await open('')
  await s.wait(isPageview)
  await mark(s, p)
  const stored = await p.evaluate(async () => [
    document.cookie,
    localStorage.length,
    sessionStorage.length,
    (await indexedDB.databases()).length,
  ])
  assert.deepEqual(stored, ['', 0, 0, 0])
  assert.deepEqual(await p.context().cookies(), [])
})

test('a page whose localStorage throws is counted', async () => {
  await open('', {
    init: () =>
      Object.defineProperty(window, 'localStorage', {
        get() {
          throw new DOMException('denied', 'SecurityError')
        },
      }),
  })
  await s.wait(isPageview)
})

test('a sandboxed frame without allow-same-origin is counted', async () => {
  s.pages.set('/framed', page())
  s.pages.set('/', '<iframe sandbox="allow-scripts" src="/framed"></iframe>')
  p = await tab(browser)
  await p.goto(`http://site.test:${s.port}/`)
  const hit = await s.wait(isPageview)
  assert.equal(hit.headers.origin, 'null')
  assert.equal(hit.url, `http://site.test:${s.port}/framed`)
  assert.equal(hit.d, 'site.test')
})

test('a content security policy needs the two hosts and no more', async () => {
  const host = `http://stats.test:${s.port}`
  s.pages.set('/', {
    html: `<script defer src="${host}/hk.js" data-site="site.test"></script><a href="#x" data-hk-event="Named">x</a>`,
    headers: {
      'Content-Security-Policy': `default-src 'none'; script-src ${host}; connect-src ${host}; require-trusted-types-for 'script'; trusted-types default`,
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  })
  p = await tab(browser)
  await p.goto(`http://site.test:${s.port}/`)
  const hit = await s.wait(isPageview)
  assert.equal(hit.headers.origin, `http://site.test:${s.port}`)
})

test('a nonce reaches hk-ext.js', async () => {
  s.pages.set('/', {
    html: `<script defer src="/hk.js" data-site="site.test" nonce="n1"></script><a href="#x" data-hk-event="Named">x</a>`,
    headers: { 'Content-Security-Policy': `default-src 'none'; script-src 'nonce-n1'; connect-src 'self'` },
  })
  p = await tab(browser)
  await p.goto(`http://site.test:${s.port}/`, { waitUntil: 'networkidle' })
  await p.click('a')
  await s.wait((hit) => hit.n == 'Named')
})
