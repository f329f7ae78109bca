import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { chromium, type Page } from 'playwright-core';

/** What a person does in a real browser, at 320 pixels. */

/** The simulator's cards: the bank asks who is there; the bank says no. */
export const ASKS = '4242424242424242';
export const REFUSED = '4000056655665556';
export async function openPage(t: TestContext, executablePath: string): Promise<Page> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 320, height: 700 } });
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => assert.fail(error));
  // What a policy forbids is only said on the console.
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) assert.fail(message.text());
  });
  return page;
}

export async function fitsTheScreen(page: Page): Promise<void> {
  const tooWide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  assert.ok(tooWide <= 0, `${page.url()} is ${tooWide} pixels too wide`);
}

export async function enterCard(page: Page, number: string): Promise<void> {
  const form = page.frameLocator('iframe');
  await form.locator('[name=number]').fill(number);
  await form.locator('[name=expires]').fill('1239');
  await form.locator('[name=cvv]').fill('123');
  await form.locator('[data-pay]').click();
}
