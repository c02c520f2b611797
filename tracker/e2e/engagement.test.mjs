import { test, before, after, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { launch, serve, tab, page, paths, isPageview, isEngagement, mark } from './harness.mjs'

let browser, s, p
before(async () => (browser = await launch()))
after(() => browser.close())
beforeEach(async () => {
  s = await serve()
  s.origin = `http://site.test:${s.port}`
  s.pages.set('/', page())
  s.pages.set('/end', '')
  p = await tab(browser, {
    init: () => {
      // Headless tabs are always visible: the state is set by hand, the event is the real one's twin.
      let state = 'visible'
      Object.defineProperty(document, 'visibilityState', { get: () => state })
      Object.defineProperty(document, 'hidden', { get: () => state != 'visible' })
      // An hour passes in the back/forward cache, where no script runs.
      addEventListener('pageshow', (e) => e.persisted && window.moveClock(3_600_000))
      window.show = (visible) => {
        state = visible ? 'visible' : 'hidden'
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      }
    },
  })
  await p.goto(s.origin)
  await s.wait(isPageview)
})
afterEach(async () => {
  await p.done()
  s.close()
})

const show = (visible) => p.evaluate((visible) => window.show(visible), visible)
const pings = () => s.hits.filter(isEngagement)

test('a page that is left reports its visible time', async () => {
  await p.advance(4200)
  await p.goto(s.origin + '/end')
  const { id, headers, ...hit } = await s.wait(isEngagement)
  assert.match(id, /^[0-9a-f]{16}$/)
  assert.match(headers['content-type'], /^text\/plain/)
  assert.deepEqual(hit, { path: '/ingest/engagement', url: s.origin + '/', d: 'site.test', wd: 1, e: 4200, sd: 25 })
  assert.equal(pings().length, 1, 'pagehide and visibilitychange are one leave')
})

test('hidden time does not count', async () => {
  await p.advance(1000)
  await show(false)
  await s.wait(isEngagement)
  await p.advance(60_000)
  await show(true)
  await p.advance(500)
  await show(false)
  await s.wait(isEngagement, 2)
  await p.advance(60_000)
  await p.goto(s.origin + '/end')
  assert.deepEqual(pings().map((hit) => hit.e), [1000, 500])
  assert.notEqual(pings()[0].id, pings()[1].id)
})

test('the depth is the deepest point seen of the page as high as it is now', async () => {
  const scroll = (y) =>
    p.evaluate((y) => new Promise((done) => (addEventListener('scroll', done, { once: true }), scrollTo(0, y))), y)
  await scroll(1000)
  await scroll(200)
  await p.advance(100)
  await show(false)
  assert.equal((await s.wait(isEngagement)).sd, 50)
  await show(true)
  await scroll(3000)
  await p.advance(100)
  await show(false)
  assert.equal((await s.wait(isEngagement, 2))[1].sd, 100)
  await show(true)
  await p.evaluate(() => (document.body.lastElementChild.style.height = '8000px'))
  await p.advance(100)
  await show(false)
  assert.equal((await s.wait(isEngagement, 3))[2].sd, 50)
})

test('each page of a single-page application reports for itself', async () => {
  await p.evaluate(() => new Promise((done) => (addEventListener('scroll', done, { once: true }), scrollTo(0, 3000))))
  await p.advance(700)
  await p.evaluate(() => {
    scrollTo(0, 0)
    history.pushState(0, '', '/2')
  })
  await s.wait(isEngagement)
  await p.advance(300)
  await p.evaluate(() => history.pushState(0, '', '/3'))
  await s.wait(isEngagement, 2)
  await p.goto(s.origin + '/end')
  assert.deepEqual(paths(pings()), ['/', '/2'])
  assert.deepEqual(pings().map(({ e, sd }) => [e, sd]), [[700, 100], [300, 25]])
})

test('time in the back/forward cache does not count', async () => {
  await p.advance(800)
  await p.goto(s.origin + '/end')
  await s.wait(isEngagement)
  await p.goBack({ waitUntil: 'commit' })
  await s.wait(isPageview, 2)
  await p.advance(200)
  await show(false)
  assert.deepEqual((await s.wait(isEngagement, 2)).map((hit) => hit.e), [800, 200])
})

test('nothing is reported for no time', async () => {
  await show(false)
  await show(true)
  await mark(s, p)
  await p.goto(s.origin + '/end')
  assert.equal(pings().length, 0)
})

test('without sendBeacon it goes by fetch', async () => {
  await p.evaluate(() => (Navigator.prototype.sendBeacon = undefined))
  await p.advance(900)
  await p.goto(s.origin + '/end')
  assert.equal((await s.wait(isEngagement)).e, 900)
})

test('a beacon that the browser refuses goes by fetch', async () => {
  await p.evaluate(() => (Navigator.prototype.sendBeacon = () => false))
  await p.advance(900)
  await show(false)
  assert.equal((await s.wait(isEngagement)).e, 900)
})
