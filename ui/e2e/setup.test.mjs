// The first start, on a HitKeep of its own ($HITKEEP_TEST_BIN): the one-time
// link, the owner, the first site, and the page that waits for its first hit.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAccessible, assertNoFaults, launch } from './browser.mjs';

const binary = process.env.HITKEEP_TEST_BIN ?? fileURLToPath(new URL('../../bin/hitkeep', import.meta.url));
const person = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

let server;
let browser;
let dir;
let url;
let link;

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hk-setup-'));
  const port = await freePort();
  url = `http://localhost:${port}`;
  // The tests' own HITKEEP_* variables are no configuration.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HITKEEP_')));
  server = spawn(binary, ['serve', '--data-dir', dir, '--listen', `127.0.0.1:${port}`, '--log-level', 'warn'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  link = await new Promise((resolve, reject) => {
    server.on('close', (code) => reject(new Error(`hitkeep ended with status ${code}`)));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const found = /(http\S+\/setup#\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (server && server.exitCode === null) {
    const ended = new Promise((resolve) => server.on('close', resolve));
    server.kill('SIGTERM');
    await ended;
  }
  if (dir) rmSync(dir, { recursive: true, force: true });
});

test('a first start leads from the one-time link to the first pageview', async () => {
  const page = await newPage();
  await page.goto(url);
  await page.waitForURL(`${url}/setup`);
  await page.getByText('The one-time link is missing').waitFor();

  await page.goto('about:blank');
  await page.goto(link);
  const zone = await page.locator('hk-zone-select').innerText();
  assert.match(zone, /Asia\/Tokyo/, 'the browser’s time zone is proposed');
  await assertAccessible(page, 'setup');
  await page.getByLabel('Email').fill('owner@example.com');
  await page.getByLabel('Password').fill('short');
  await page.getByLabel('Domain').fill('https://Shop.example/path');
  await page.getByRole('button', { name: 'Create account and site' }).click();
  await page.getByText('At least 10 characters, please.').waitFor();
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create account and site' }).click();

  await page.waitForURL(`${url}/shop.example`);
  await page.getByText('Waiting for the first pageview').waitFor();
  assert.match(await page.locator('[data-test="snippet"]').innerText(), /data-site=/);
  await assertAccessible(page, 'waiting');

  // A hit that asks not to be counted does not end the waiting, but is named.
  await hit('/', { DNT: '1' });
  await page.locator('[data-cause="dnt"]').waitFor();

  await hit('/');
  await page.locator('[data-test="card-visitors"]').waitFor();
  await page.waitForFunction(() => /^Visitors\s+1(\s|$)/.test(document.querySelector('[data-test="card-visitors"]').innerText));

  // A second one shows by itself.
  await hit('/second');
  await page.locator('[data-test="panel-pages"] [data-value="/second"]').waitFor();
  await assertNoFaults(page);
  await page.context().close();
});

test('the link works once', async () => {
  const page = await newPage();
  await page.goto(link);
  await page.waitForURL(/\/login/);
  const again = await fetch(`${url}/api/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: link.split('#')[1], email: 'other@example.com', password: 'correct horse battery', domain: 'other.example', timezone: 'UTC' }),
  });
  assert.ok([403, 409].includes(again.status), `status ${again.status}`);
  await page.context().close();
});

async function newPage() {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Asia/Tokyo' });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (m) => m.type() === 'error' && page.faults.push(m.text()));
  page.on('pageerror', (e) => page.faults.push(String(e)));
  return page;
}

async function hit(at, headers = {}) {
  const answer = await fetch(`${url}/api/event`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': person, ...headers },
    body: JSON.stringify({ name: 'pageview', domain: 'shop.example', url: `https://shop.example${at}` }),
  });
  assert.equal(answer.status, 202, await answer.text());
}

function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer().on('error', reject);
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}
