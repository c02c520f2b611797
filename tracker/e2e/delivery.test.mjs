import { test, before, after, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { launch, serve, tab, page, isPageview, isEvent, mark } from './harness.mjs'

let browser, s, p
before(async () => (browser = await launch()))
after(() => browser.close())
beforeEach(async () => {
  s = await serve()
  s.origin = `http://site.test:${s.port}`
  s.pages.set('/', page())
  s.pages.set('/end', '')
})
afterEach(async () => {
  await p.done()
  s.close()
})

/** A tab whose timers run at once, and are recorded: the tests see the back-off and do not wait for it. */
const open = async () => {
  p = await tab(browser, {
    init: () => {
      const real = window.setTimeout
      window.delays = []
      window.held = false
      window.setTimeout = (f, ms, ...args) => {
        window.delays.push(ms)
        return window.held ? 0 : real(f, 0, ...args)
      }
    },
  })
  await p.goto(s.origin)
}
const bodies = (hits) => hits.map(({ headers, ...hit }) => hit)

test('a hit that the server could not take comes again with the same id', async () => {
  for (const status of [503, 429, 500, 0]) {
    s.hits.length = 0
    s.answer = () => (s.hits.length > 1 ? 202 : status)
    await open()
    const [first, second] = bodies(await s.wait(isPageview, 2))
    assert.deepEqual(second, first, `after ${status}`)
    await mark(s, p)
    assert.equal(s.hits.length, 3, 'and no third time')
    if (status) await p.done()
  }
})

test('a refused hit is not sent again', async () => {
  for (const status of [400, 413, 404]) {
    s.hits.length = 0
    s.answer = () => status
    await open()
    await s.wait(isPageview)
    s.answer = () => 202
    await mark(s, p)
    assert.deepEqual([s.hits.length, await p.evaluate(() => window.delays)], [2, []])
    if (status != 404) await p.done()
  }
})

test('it gives up after six times, each wait longer than the one before', async () => {
  s.answer = () => 503
  await open()
  const all = await s.wait(isPageview, 6)
  assert.equal(new Set(all.map((hit) => hit.id)).size, 1)
  // The sixth answer starts no timer; the next event's failure starts one.
  await p.evaluate(() => ((window.held = true), hk('event', 'next')))
  await p.waitForFunction(() => window.delays.length > 5)
  assert.equal(s.hits.filter(isPageview).length, 6)
  const delays = await p.evaluate(() => window.delays)
  delays.slice(0, 5).forEach((ms, i) => assert.ok(ms >= 99 * 4 ** (i + 1) && ms <= 99 * 4 ** (i + 2), `${delays}`))
})

test('no more than 50 hits wait', async () => {
  s.answer = () => 503
  await open()
  await s.wait(isPageview, 6)
  await p.evaluate(() => {
    window.held = true
    window.delays = []
    for (let i = 0; i < 80; i++) hk('event', 'e' + i)
  })
  await s.wait(isEvent, 80)
  s.answer = () => 202
  await mark(s, p)
  await p.waitForFunction(() => window.delays.length >= 50)
  assert.equal(await p.evaluate(() => window.delays.length), 50)
})

test('after an outage of the network the hit is sent', async () => {
  await open()
  await s.wait(isPageview)
  await p.evaluate(() => (window.held = true))
  await p.context().setOffline(true)
  await p.evaluate(() => history.pushState(0, '', '/offline'))
  await p.waitForFunction(() => window.delays.length > 0)
  assert.equal(s.hits.length, 1)
  await p.context().setOffline(false)
  const [, hit] = await s.wait(isPageview, 2)
  assert.equal(hit.url, s.origin + '/offline')
})

test('a waiting hit goes by beacon when the page is left', async () => {
  s.answer = () => 503
  await open()
  await s.wait(isPageview, 6)
  await p.evaluate(() => ((window.held = true), (window.delays = []), hk('event', 'unsent')))
  await p.waitForFunction(() => window.delays.length > 0)
  s.answer = () => 202
  await p.goto(s.origin + '/end')
  const [first, second] = bodies(await s.wait(isEvent, 2))
  assert.deepEqual(second, first)
})

test('a hit under way when the page is left arrives, and once', async () => {
  await open()
  await s.wait(isPageview)
  await p.evaluate(() => {
    hk('event', 'last')
    location.href = '/end'
  })
  await s.wait(isEvent)
  await p.waitForURL('**/end')
  assert.equal(s.hits.filter(isEvent).length, 1)
})

test('without sendBeacon nothing throws and a waiting hit comes by timer', async () => {
  s.answer = () => (s.hits.length > 1 ? 202 : 503)
  p = await tab(browser, { init: () => delete Navigator.prototype.sendBeacon })
  await p.goto(s.origin)
  await p.evaluate(() => dispatchEvent(new Event('online')))
  const [first, second] = bodies(await s.wait(isPageview, 2))
  assert.deepEqual(second, first)
})
