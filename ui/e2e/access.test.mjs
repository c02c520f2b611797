import { test } from 'node:test';
import { assertAccessible, assertNoFaults, assertNoSidewaysScroll, base, dashboard, open, theSite, withBrowser } from './browser.mjs';

withBrowser();

const pages = [
  ['sites', () => '/sites'],
  ['add site', () => '/sites/new'],
  ['settings', () => `/${theSite()}/settings`],
  ['account', () => '/account'],
  ['tokens', () => '/account/tokens'],
];

for (const dark of [false, true]) {
  for (const width of [1280, 360]) {
    const look = `${dark ? 'dark' : 'light'}, ${width} px`;

    test(`login: ${look}`, async () => {
      const page = await open({ dark, width, signedIn: false });
      await page.goto(`${base}/login`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await assertAccessible(page, `login, ${look}`);
      await assertNoSidewaysScroll(page, `login, ${look}`);
      await assertNoFaults(page);
      await page.context().close();
    });

    test(`dashboard and its dialogs: ${look}`, async () => {
      const page = await open({ dark, width });
      await dashboard(page, '?period=12mo&f=is_not,browser,Nobody');
      await assertAccessible(page, `dashboard, ${look}`);
      await assertNoSidewaysScroll(page, `dashboard, ${look}`);
      for (const tab of ['channel', 'utm_campaign']) {
        await dashboard(page, `?period=12mo&sources=${tab}`);
        await assertAccessible(page, `${tab}, ${look}`);
      }
      await dashboard(page, '?period=12mo&details=country');
      await page.getByRole('dialog').locator('tbody th').first().waitFor();
      await assertAccessible(page, `details, ${look}`);
      await assertNoSidewaysScroll(page, `details, ${look}`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.locator('[data-test="range"] button').click();
      await page.getByRole('button', { name: /^Choose dates/ }).click();
      await page.locator('hk-calendar').waitFor();
      await assertAccessible(page, `calendar, ${look}`);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await page.locator('#filter-values').waitFor();
      await assertAccessible(page, `filter, ${look}`);
      await assertNoFaults(page);
      await page.context().close();
    });

    for (const [name, path] of pages) {
      test(`${name}: ${look}`, async () => {
        const page = await open({ dark, width });
        await page.goto(base + path());
        await page.locator('main h1').waitFor();
        await page.waitForFunction(() => !document.querySelector('.skeleton'));
        await assertAccessible(page, `${name}, ${look}`);
        await assertNoSidewaysScroll(page, `${name}, ${look}`);
        await assertNoFaults(page);
        await page.context().close();
      });
    }
  }
}
