import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNoFaults, base, dashboard, loaded, open, theLogin, theSite, withBrowser } from './browser.mjs';

withBrowser();

test('a wrong password is refused, a right one leads where the link said', async () => {
  const page = await open({ signedIn: false });
  await page.goto(`${base}/account`);
  await page.waitForURL(/\/login\?next=%2Faccount/);
  await page.getByLabel('Email').fill(theLogin().email);
  await page.getByLabel('Password').fill(`${theLogin().password}-wrong`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Email or password is wrong.').waitFor();
  await page.getByLabel('Password').fill(theLogin().password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/account`);
  await page.getByRole('heading', { name: 'Account' }).waitFor();
  await page.context().close();
});

test('all panels load, with numbers', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo');
  for (const group of ['sources', 'pages', 'locations', 'devices']) {
    const rows = page.locator(`[data-test="panel-${group}"] [data-value]`);
    assert.ok((await rows.count()) > 0, `${group} has rows`);
  }
  for (const metric of ['visitors', 'visits', 'pageviews', 'views_per_visit', 'bounce_rate', 'visit_duration']) {
    const text = await page.locator(`[data-test="card-${metric}"]`).innerText();
    assert.match(text, /\d/, `${metric}: ${text}`);
  }
  assert.equal(await page.locator('hk-failed').count(), 0);
  await page.locator('[data-test="panel-locations"] path[data-code="DE"]').first().waitFor();
  await assertNoFaults(page);
  await page.context().close();
});

test('current visitors arrive over the stream', async () => {
  const page = await open();
  await dashboard(page);
  await page.waitForFunction(() => /\d/.test(document.querySelector('[data-test="current"]')?.textContent ?? ''));
  await page.context().close();
});

test('a click on a row filters, shows a pill, is in the link, and back undoes it', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo');
  const row = page.locator('[data-test="panel-sources"] [data-value]').first();
  const value = await row.getAttribute('data-value');
  const before = await number(page, 'pageviews');
  await row.click();
  await page.locator('[data-test="pills"]').getByText(value, { exact: true }).waitFor();
  assert.ok(new URL(page.url()).searchParams.getAll('f').some((f) => f.startsWith('is,source,')), page.url());
  await loaded(page);
  const filtered = await number(page, 'pageviews');
  assert.ok(filtered <= before, `a filter never raises a count: ${filtered} > ${before}`);

  // The link alone shows the same to somebody else.
  const other = await open();
  await other.goto(page.url());
  await other.locator('[data-test="pills"]').getByText(value, { exact: true }).waitFor();
  await other.context().close();

  await page.goBack();
  await page.locator('[data-test="pills"]').waitFor({ state: 'detached' });
  await loaded(page);
  assert.equal(await number(page, 'pageviews'), before);
  await page.context().close();
});

test('a pill is taken off by its x, all by Escape', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo&f=is_not,browser,Nobody&f=is_not,os,Nothing');
  await page.getByRole('button', { name: 'Remove filter: Nobody' }).click();
  await page.waitForURL((url) => url.searchParams.getAll('f').length === 1);
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => url.searchParams.getAll('f').length === 0);
  await page.context().close();
});

test('the dialog suggests real values and filters by them', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  const option = page.locator('#filter-options [role="option"]').first();
  await option.waitFor();
  const value = await option.locator('span').first().innerText();
  await option.click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.locator('[data-test="pills"]').getByText(value, { exact: true }).waitFor();
  await page.context().close();
});

test('range, comparison, metric and interval change and are in the link', async () => {
  const page = await open();
  await dashboard(page);
  await page.locator('[data-test="range"] button').click();
  await page.getByRole('button', { name: /^Last 7 days/ }).click();
  await page.waitForURL(/period=7d/);
  await page.locator('[data-test="compare"]').click();
  await page.getByRole('menuitemradio', { name: 'No comparison' }).click();
  await page.waitForURL(/compare=none/);
  await page.locator('[data-test="card-pageviews"]').click();
  await page.waitForURL(/metric=pageviews/);
  await page.locator('[data-test="interval"]').click();
  await page.getByRole('menuitemradio', { name: 'Hours' }).click();
  await page.waitForURL(/interval=hour/);
  await loaded(page);
  await page.reload();
  await loaded(page);
  assert.equal(await page.locator('[data-test="card-pageviews"]').getAttribute('aria-pressed'), 'true');
  await assertNoFaults(page);
  await page.context().close();
});

test('a click on a day zooms in, back zooms out', async () => {
  const page = await open();
  await dashboard(page, '?period=28d');
  const box = await page.locator('[data-test="chart"]').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForURL(/period=custom&from=(\d{4}-\d\d-\d\d)&to=\1/);
  await loaded(page);
  await page.goBack();
  await page.waitForURL((url) => url.searchParams.get('period') !== 'custom');
  await page.context().close();
});

test('details list, search and sort', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo');
  await page.getByRole('button', { name: 'Details: Pages' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('tbody th').first().waitFor();
  assert.match(page.url(), /details=page/);
  const first = (await dialog.locator('tbody th').first().innerText()).trim();
  await dialog.getByRole('button', { name: 'Visitors' }).click();
  await dialog.locator('th[aria-sort="ascending"]').waitFor();
  await dialog.locator('[data-test="details-search"]').fill(first);
  await page.waitForFunction((text) => {
    const rows = [...document.querySelectorAll('[role="dialog"] tbody th')].map((r) => r.textContent.trim());
    return rows.length > 0 && rows.every((r) => r.includes(text));
  }, first);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.doesNotMatch(page.url(), /details=/);
  await page.context().close();
});

test('one panel that fails leaves the others alone, and can be tried again', async () => {
  const page = await open();
  let fail = true;
  await page.route('**/api/v2/query', (route) => {
    if (fail && route.request().postData()?.includes('visit:browser')) return route.fulfill({ status: 503, json: { error: 'The store is busy.', code: 'unavailable', id: 'x' } });
    return route.continue();
  });
  await dashboard(page, '?period=12mo');
  const panel = page.locator('[data-test="panel-devices"]');
  await panel.getByText('The store is busy.').waitFor();
  assert.ok((await page.locator('[data-test="panel-sources"] [data-value]').count()) > 0);
  fail = false;
  await panel.getByRole('button', { name: 'Try again' }).click();
  await panel.locator('[data-value]').first().waitFor();
  await page.context().close();
});

test('filters that match nothing say so and are cleared', async () => {
  const page = await open();
  await dashboard(page, '?period=12mo&f=is,page,%2Fthere-is-no-such-page');
  const panel = page.locator('[data-test="panel-sources"]');
  await panel.getByText('Nothing matches these filters').waitFor();
  await panel.getByRole('button', { name: 'Clear filters' }).click();
  await panel.locator('[data-value]').first().waitFor();
  await page.context().close();
});

test('by keyboard alone', async () => {
  const page = await open();
  await dashboard(page);
  await page.keyboard.press('y');
  await page.waitForURL(/period=year/);
  await page.keyboard.press('x');
  await page.waitForURL(/compare=year/);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  // A range in the calendar: C, three days back, choose, two forward, choose.
  await page.keyboard.press('c');
  await page.locator('hk-calendar [data-day]:focus').waitFor();
  for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'Enter', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  await page.waitForURL(/period=custom/);
  const { searchParams: at } = new URL(page.url());
  assert.equal((Date.parse(at.get('to')) - Date.parse(at.get('from'))) / 86_400_000, 2);

  // Tab reaches a row; Enter filters by it.
  await page.keyboard.press('l');
  await loaded(page);
  const row = page.locator('[data-test="panel-pages"] [data-value]').first();
  await page.locator('#tab-page').focus();
  await page.keyboard.press('Tab');
  assert.equal(await row.evaluate((el) => el === document.activeElement), true);
  await page.keyboard.press('Enter');
  await page.locator('[data-test="pills"]').waitFor();

  // The chart is read with arrow keys.
  await loaded(page);
  await page.locator('[data-test="chart"] [role="slider"]').press('ArrowLeft');
  await page.waitForFunction(() => /: /.test(document.querySelector('[data-test="chart"] [role="slider"]').getAttribute('aria-valuetext')));
  await page.context().close();
});

test('dark follows the system, a choice is kept, and neither flashes', async () => {
  const page = await open({ dark: true });
  await page.goto(`${base}/account`);
  await page.getByRole('heading', { name: 'Account' }).waitFor();
  const dark = () => page.evaluate(() => document.documentElement.classList.contains('dark'));
  assert.equal(await dark(), true);
  await page.getByText('Light', { exact: true }).click();
  await page.waitForFunction(() => !document.documentElement.classList.contains('dark'));
  // Before any script of the application has run.
  await page.route('**/main-*.js', (route) => route.abort());
  await page.goto(`${base}/account`, { waitUntil: 'commit' });
  await page.waitForFunction(() => document.body !== null);
  assert.equal(await dark(), false);
  await page.context().close();
});

test('a missing site says so', async () => {
  const page = await open();
  await page.goto(`${base}/there-is-no-such-site.example`);
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  await page.context().close();
});

async function number(page, metric) {
  const text = await page.locator(`[data-test="card-${metric}"] .num`).first().innerText();
  const [, digits, unit] = /([\d.,]+)\s*([kMB]?)/.exec(text);
  return Number(digits.replace(/,/g, '')) * { '': 1, k: 1e3, M: 1e6, B: 1e9 }[unit];
}

test('site settings show the snippet of the site', async () => {
  const page = await open();
  await page.goto(`${base}/${theSite()}/settings`);
  assert.match(await page.locator('[data-test="snippet"]').innerText(), /<script[^>]+hk\.js/);
  await assertNoFaults(page);
  await page.context().close();
});
