import { test, before, after, beforeEach, afterEach } from 'node:test'
import assert from 'node:assert/strict'
import { launch, serve, tab, page, isPageview, isEvent, mark } from './harness.mjs'

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

/** Opens a page and waits for hk-ext.js, if it is to come. */
const open = async (body = '', attributes = '', ext = true) => {
  s.pages.set('/', page(attributes, body))
  p = await tab(browser)
  const loaded = ext && p.waitForEvent('requestfinished', (r) => r.url().endsWith('/hk-ext.js'))
  await p.goto(s.origin)
  await s.wait(isPageview)
  await loaded
  // A click must not lead away: what is sent is the matter here, and page and server differ per link.
  await p.evaluate(() => addEventListener('click', (e) => e.preventDefault()))
}
const plain = ({ path, headers, id, d, wd, r, url, ...hit }) => hit
const events = () => s.hits.filter(isEvent).map(plain)

test('an event has its fields', async () => {
  await open()
  await p.evaluate(() =>
    hk('event', 'Order', { props: { plan: 'pro', n: 3 }, revenue: { amount: 9.5, currency: 'EUR' }, interactive: false }),
  )
  const { headers, id, ...hit } = await s.wait(isEvent)
  assert.match(id, /^[0-9a-f]{16}$/)
  assert.match(headers['content-type'], /^text\/plain/)
  assert.deepEqual(hit, {
    path: '/ingest/event',
    url: s.origin + '/',
    d: 'site.test',
    wd: 1,
    n: 'Order',
    p: { plan: 'pro', n: 3 },
    i: false,
    rev: { amount: 9.5, currency: 'EUR' },
    r: '',
  })
})

test('an event has the referrer of its pageview', async () => {
  await open()
  await p.evaluate(() => {
    hk('event', 'first')
    history.pushState(0, '', '/2')
    hk('event', 'second')
  })
  await mark(s, p)
  const views = s.hits.filter(isPageview).map((hit) => hit.referrer)
  assert.deepEqual(views, ['', s.origin + '/'])
  assert.deepEqual(s.hits.filter(isEvent).map((hit) => hit.r), [...views, views[1]])
})

test('hk.event takes a name and properties', async () => {
  await open()
  await p.evaluate(() => {
    hk.event('Bare')
    hk.event('With', { a: 'b' })
  })
  await mark(s, p)
  assert.deepEqual(events(), [{ n: 'Bare' }, { n: 'With', p: { a: 'b' } }, { n: 'mark' }])
})

test('calls made before the script is there come after the pageview', async () => {
  await open(`<script>hk('event', 'first'); hk('event', 'second', {props: {a: 1}})</script>`)
  await mark(s, p)
  assert.equal(s.hits[0].path, '/ingest')
  assert.deepEqual(events(), [{ n: 'first' }, { n: 'second', p: { a: 1 } }, { n: 'mark' }])
})

test('what cannot be sent throws nothing', async () => {
  await open()
  await p.evaluate(() => {
    const loop = {}
    loop.loop = loop
    hk('event', 'loop', { props: loop })
    hk('event', 'big', { props: { n: 1n } })
    hk('event', 'null', null)
    hk()
    hk.event()
  })
  await mark(s, p)
})

test('outbound links', async () => {
  await open(`<a id=out href="https://other.test/x?token=1#f"><b>out</b></a> <a id=in href="/in">in</a>
    <a id=sub href="http://blog.site.test/">sub</a> <a id=mail href="mailto:a@b.test">mail</a>
    <a id=trap href="https://nosite.test/">trap</a>`)
  for (const id of ['out b', 'in', 'sub', 'mail', 'trap']) await p.click('#' + id)
  await p.click('#out', { button: 'right' })
  await p.evaluate(() => document.querySelector('#out').dispatchEvent(new MouseEvent('auxclick', { button: 1, bubbles: true })))
  await mark(s, p)
  const out = { n: 'Outbound Link: Click', p: { url: 'https://other.test/x' } }
  assert.deepEqual(events(), [out, { n: out.n, p: { url: 'https://nosite.test/' } }, out, { n: 'mark' }])
})

test('a link is counted in a shadow tree and where the page stops the click', async () => {
  await open('<div id=host></div>')
  await p.evaluate(() => {
    const root = document.querySelector('#host').attachShadow({ mode: 'open' })
    root.innerHTML = '<a href="https://other.test/shadow">x</a>'
    root.firstChild.onclick = (e) => (e.preventDefault(), e.stopPropagation())
  })
  await p.click('a')
  await mark(s, p)
  assert.deepEqual(events()[0], { n: 'Outbound Link: Click', p: { url: 'https://other.test/shadow' } })
})

test('downloads, of any host', async () => {
  await open(`<a id=a href="/f/Report.PDF?v=1">a</a><a id=b href="https://cdn.test/x.zip">b</a>
    <a id=c href="/blob" download>c</a><a id=d href="/pdf">d</a>`)
  for (const id of ['a', 'b', 'c', 'd']) await p.click('#' + id)
  await mark(s, p)
  assert.deepEqual(
    events().map((e) => [e.n, e.p?.url]),
    [
      ['File Download', s.origin + '/f/Report.PDF'],
      ['File Download', 'https://cdn.test/x.zip'],
      ['File Download', s.origin + '/blob'],
      ['mark', undefined],
    ],
  )
})

test('forms, with neither fields nor a field in place of the name', async () => {
  await open(`<form id=contact onsubmit="event.preventDefault()"><input name=id value=secret><button id=b type=button
    onclick="form.requestSubmit()">send</button></form>`)
  await p.evaluate(() => document.querySelector('#b').onclick())
  await mark(s, p)
  assert.deepEqual(events(), [{ n: 'Form: Submission', p: { path: '/', form: 'contact' } }, { n: 'mark' }])
})

test('elements and forms name their own events', async () => {
  await open(`<button data-hk-event=Signup data-hk-prop-plan=pro data-hk-prop-Seats-Max=3><i id=i>x</i></button>
    <form data-hk-event=Sent onsubmit="event.preventDefault()"><span id=s>x</span></form>`)
  await p.click('#i')
  await p.click('#s')
  await p.evaluate(() => document.querySelector('form').requestSubmit())
  await mark(s, p)
  assert.deepEqual(events(), [
    { n: 'Signup', p: { plan: 'pro', 'seats-max': '3' } },
    { n: 'Sent', p: {} },
    { n: 'Form: Submission', p: { path: '/' } },
    { n: 'mark' },
  ])
})

test('each automatic event can be turned off', async () => {
  await open(
    `<a id=a href="https://other.test/x">a</a><a id=b href="/x.pdf">b</a><form onsubmit="event.preventDefault()"></form>`,
    'data-disable-outbound-tracking data-disable-form-tracking',
  )
  await p.click('#a')
  await p.click('#b')
  await p.evaluate(() => document.querySelector('form').requestSubmit())
  await mark(s, p)
  assert.deepEqual(events().map((e) => e.n), ['File Download', 'mark'])
})

test('with all of them off hk-ext.js is not loaded', async () => {
  await open(
    '<a href="https://other.test/x">a</a>',
    'data-disable-outbound-tracking data-disable-form-tracking data-disable-download-tracking',
    false,
  )
  await p.click('a')
  await mark(s, p)
  await p.waitForLoadState('networkidle')
  assert.deepEqual(events(), [{ n: 'mark' }])
  assert.deepEqual(s.loads.filter((path) => path.endsWith('.js')), ['/hk.js'])
})

test('a click that leads away is counted', async () => {
  s.pages.set('/', page('', '<a href="http://other.test/gone">x</a>'))
  p = await tab(browser)
  await p.goto(s.origin, { waitUntil: 'networkidle' })
  await p.click('a')
  assert.deepEqual(plain(await s.wait(isEvent)).p, { url: 'http://other.test/gone' })
})
