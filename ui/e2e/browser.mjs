// What the browser tests share. They run against a real HitKeep:
//   HITKEEP_URL       its address (http://localhost:8080)
//   CHROMIUM          the browser's path (/usr/bin/chromium)
//   HITKEEP_EMAIL, HITKEEP_PASSWORD   a login; in demo mode the one it tells
//   HITKEEP_SITE      the domain of a site with data; else the first with a hit
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

export const base = (process.env.HITKEEP_URL ?? 'http://localhost:8080').replace(/\/$/, '');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let state;
let login;
let site;

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** Starts the browser once for the file and signs in. */
export function withBrowser() {
  before(async () => {
    browser = await launch();
    login = await credentials();
    const page = await open({ signedIn: false });
    await signIn(page);
    state = await page.context().storageState();
    site = await chooseSite(page);
    await page.context().close();
  });
  after(() => browser?.close());
}

export function theSite() {
  return site;
}

export function theLogin() {
  return login;
}

async function credentials() {
  const { HITKEEP_EMAIL: email, HITKEEP_PASSWORD: password } = process.env;
  if (email && password) return { email, password };
  const status = await (await fetch(`${base}/api/status`)).json();
  assert.ok(status.demo_login, 'set HITKEEP_EMAIL and HITKEEP_PASSWORD, or run with --demo');
  return status.demo_login;
}

async function chooseSite(page) {
  if (process.env.HITKEEP_SITE) return process.env.HITKEEP_SITE;
  const sites = await page.evaluate(() => fetch('/api/sites').then((r) => r.json()));
  const found = sites.find((s) => s.first_hit_at);
  assert.ok(found, 'no site has a hit yet');
  return found.domain;
}

/**
 * A page in a context of its own. page.faults collects what must stay empty:
 * errors in the console (CSP violations are among them), uncaught exceptions,
 * requests to other hosts.
 */
export async function open({ width = 1280, height = 900, dark = false, signedIn = true, reducedMotion = 'reduce' } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion,
    locale: 'en-GB',
    storageState: signedIn ? state : undefined,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (m) => m.type() === 'error' && page.faults.push(m.text()));
  page.on('pageerror', (e) => page.faults.push(String(e)));
  page.on('request', (r) => {
    const url = new URL(r.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== new URL(base).origin) page.faults.push(`request to ${url.origin}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
  });
  return page;
}

export async function signIn(page) {
  await page.goto(`${base}/login`);
  await page.getByLabel('Email').fill(login.email);
  await page.getByLabel('Password').fill(login.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

/** The dashboard, with every panel loaded. */
export async function dashboard(page, query = '') {
  await page.goto(`${base}/${site}${query}`);
  await loaded(page);
}

export async function loaded(page) {
  await page.locator('[data-test="chart"] svg').waitFor();
  await page.locator('[data-test^="panel-"]').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('hk-dashboard [aria-busy="true"]'));
}

export async function assertNoFaults(page) {
  assert.deepEqual(page.faults, []);
}

export async function assertAccessible(page, name) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.target.join(' ')).join(' | ')}`);
  assert.deepEqual(found, [], name);
}

export async function assertNoSidewaysScroll(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${name}: ${over} px wider than the window`);
}
