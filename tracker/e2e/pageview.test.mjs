import { test, before, after, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { launch, serve, tab, page, paths, isPageview, isEvent, mark, logged } from './harness.mjs'

let browser, s, p
before(async () => (browser = await launch()))
after(() => browser.close())
beforeEach(async () => {
  s = await serve()
  s.origin = `http://site.test:${s.port}`
})
afterEach(async () => {
  await p.done()
  s.close()
})

const open = async (attributes = '', path = '/', options) => {
  s.pages.set(path.split(/[?#]/)[0], page(attributes))
  p = await tab(browser, options)
  await p.goto(s.origin + path)
}
const views = () => s.hits.filter(isPageview)

test('a pageview has its fields', async () => {
  await open('', '/a/b?utm_source=x#secret')
  const { id, headers, ...hit } = await s.wait(isPageview)
  assert.match(id, /^[0-9a-f]{16}$/)
  assert.match(headers['content-type'], /^text\/plain/)
  assert.equal(headers.origin, s.origin)
  assert.deepEqual(hit, {
    path: '/ingest',
    url: s.origin + '/a/b?utm_source=x',
    d: 'site.test',
    wd: 1,
    referrer: '',
    vp_w: 1000,
    vp_h: 1000,
    sc_w: 1000,
    sc_h: 1000,
    lang: 'de-DE',
  })
})

test('the referrer is the page before', async () => {
  await open('', '/landing')
  s.pages.set('/from', '<a href="/landing">go</a>')
  await s.wait(isPageview)
  await p.goto(s.origin + '/from')
  await p.click('a')
  const [, second] = await s.wait(isPageview, 2)
  assert.equal(second.referrer, s.origin + '/from')
  assert.notEqual(second.id, s.hits[0].id)
})

test('pushState counts, replaceState and the same url do not, popstate does', async () => {
  await open('', '/1')
  await s.wait(isPageview)
  await p.evaluate(() => {
    history.replaceState(1, '', '/1?replaced')
    history.pushState(2, '', '/2')
    history.pushState(2, '', '/2')
    history.pushState(2, '', '/2#fragment')
    history.pushState(3, '', '/3')
  })
  await p.evaluate(() => new Promise((done) => (addEventListener('popstate', done), history.go(-3))))
  await mark(s, p)
  assert.deepEqual(paths(views()), ['/1', '/2', '/3', '/2'])
  assert.deepEqual(paths(views().slice(1).map((v) => ({ url: v.referrer }))), ['/1', '/2', '/3'])
  assert.equal(await p.evaluate(() => history.state), 2, 'the page sees its own history')
})

test('a pushState that the browser refuses still throws in the page', async () => {
  await open()
  await s.wait(isPageview)
  assert.equal(
    await p.evaluate(() => {
      try {
        history.pushState(0, '', 'http://other.test/')
      } catch (e) {
        return e.name
      }
    }),
    'SecurityError',
  )
})

test('the fragment routes with data-hash only', async () => {
  await open('data-hash', '/app#/one')
  await s.wait(isPageview)
  await p.evaluate(() => (location.hash = '#/two'))
  await s.wait(isPageview, 2)
  await p.evaluate(() => history.pushState(0, '', '#/three'))
  const found = await s.wait(isPageview, 3)
  await mark(s, p)
  assert.deepEqual(found.map((v) => v.url.slice(s.origin.length)), ['/app#/one', '/app#/two', '/app#/three'])
  assert.equal(views().length, 3)
  await p.done()

  s.hits.length = 0
  await open('', '/app#/one')
  await s.wait(isPageview)
  await p.evaluate(() => new Promise((done) => (addEventListener('hashchange', done), (location.hash = '#/two'))))
  await mark(s, p)
  assert.deepEqual(views().map((v) => v.url.slice(s.origin.length)), ['/app'])
})

test('data-manual counts what the page says, even twice', async () => {
  await open('data-manual')
  await mark(s, p)
  assert.equal(views().length, 0)
  await p.evaluate(() => {
    history.pushState(0, '', '/x')
    hk('pageview')
    hk('pageview')
    hk('pagevew')
    hk('identify', 'somebody')
  })
  await mark(s, p, 'end')
  assert.deepEqual(paths(views()), ['/x', '/x'])
})

test('data-exclude leaves pages out, with their events', async () => {
  await open('data-exclude="/admin/**, /user/*/edit,/a.c" data-debug', '/admin/x/y?q=1')
  await logged(p, /^hk ignored/)
  const go = (path) => p.evaluate((path) => (history.pushState(0, '', path), hk('event', 'on ' + path)), path)
  for (const path of ['/user/7/edit', '/a.c', '/user/7/8/edit', '/abc', '/a.cd', '/admin', '/r?u=https://x/a.c']) await go(path)
  await mark(s, p)
  const seen = ['/user/7/8/edit', '/abc', '/a.cd', '/admin', '/r?u=https://x/a.c']
  assert.deepEqual(paths(views()), seen)
  assert.deepEqual(s.hits.filter(isEvent).map((e) => e.n), [...seen.map((path) => 'on ' + path), 'mark'])
})

test('a page that returns from the back/forward cache counts again', async () => {
  await open('', '/back')
  s.pages.set('/other', page('', 'other'))
  await s.wait(isPageview)
  await p.evaluate(() => (window.sameDocument = true))
  await p.goto(s.origin + '/other')
  await s.wait(isPageview, 2)
  await p.goBack({ waitUntil: 'commit' })
  const found = await s.wait(isPageview, 3)
  assert.equal(await p.evaluate(() => window.sameDocument), true, 'the page came from the cache')
  assert.deepEqual(paths(found), ['/back', '/other', '/back'])
  assert.equal(new Set(found.map((v) => v.id)).size, 3)
})

test('a prerendered page counts when it is shown', async () => {
  await open('', '/next', {
    init: () => {
      // The browser's own prerendering cannot be driven from outside; its two signs can.
      let hidden = true
      Object.defineProperty(document, 'prerendering', { get: () => hidden })
      window.activate = () => ((hidden = false), document.dispatchEvent(new Event('prerenderingchange')))
    },
  })
  await p.evaluate(() => {
    hk('event', 'early')
    hk.event('early too')
  })
  await p.evaluate(() => fetch('/none'))
  assert.equal(s.hits.length, 0)
  await p.evaluate(() => window.activate())
  await mark(s, p)
  assert.deepEqual(s.hits.map((hit) => hit.n), [undefined, 'early', 'early too', 'mark'])
})

test('a second copy of the script counts nothing twice', async () => {
  await open()
  await s.wait(isPageview)
  await p.addScriptTag({ url: '/hk.js' })
  await mark(s, p)
  assert.equal(s.hits.length, 2)
})

test('the page gets no other global than hk', async () => {
  s.pages.set('/plain', '<title>t</title>')
  await open()
  await s.wait(isPageview)
  const names = await p.evaluate(() => Object.keys(window))
  await p.goto(s.origin + '/plain')
  const plain = await p.evaluate(() => Object.keys(window))
  assert.deepEqual(names.filter((name) => !plain.includes(name)), ['hk'])
})

test('data-api may be a base or the endpoint, the default is where the script came from', async () => {
  for (const [attributes, src, want] of [
    ['data-api="/x"', '/hk.js', '/x/ingest'],
    ['data-api="/x/ingest"', '/hk.js', '/x/ingest'],
    ['data-api="/x/"', '/hk.js', '/x/ingest'],
    ['data-api="/myingest"', '/hk.js', '/myingest/ingest'],
    ['', '/hk.js?v=2', '/ingest'],
  ]) {
    s.hits.length = 0
    s.pages.set('/', page(attributes).replace('/hk.js', src))
    p = await tab(browser)
    await p.goto(s.origin)
    const hit = await s.wait(() => true)
    assert.equal(hit.path, want, `${attributes} ${src}`)
    if (want != '/ingest') await p.done()
  }
})
