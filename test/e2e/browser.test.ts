import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { browserExecutable } from '#testing';
import { openStage } from './stage.ts';

/** The walk of a newcomer in a real browser: two windows, the landing page and the phone. */

const NUMBER = '03009102333';
const PATIENCE_MS = 10_000;
const PHONE_VIEW = { width: 390, height: 844 };
/** Root has no sandbox, and a browser that looks for its maker's servers finds none here. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PAGE_BYTES_MAX = 20 * 1024;

const stage = await openStage();

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without JavaScript';
  test(`a person subscribes, opens the content and stops, ${how}`, {
    timeout: 60_000,
  }, async (t) => {
    const executablePath = browserExecutable(t);
    if (!executablePath) return;
    const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    t.after(() => browser.close());
    const number = javaScriptEnabled ? NUMBER : NUMBER.replace('333', '444');
    await walk(browser, { javaScriptEnabled, number });
  });
}

async function walk(
  browser: Browser,
  { javaScriptEnabled, number }: { readonly javaScriptEnabled: boolean; readonly number: string },
): Promise<void> {
  const abroad = number.replace(/^0/, '92');
  const context = await browser.newContext({ viewport: PHONE_VIEW, javaScriptEnabled });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  const site = await context.newPage();
  site.on('pageerror', (error) => faults.push(String(error)));
  site.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });

  const landing = await site.goto(`${stage.site}/lp/demo`);
  assert.equal(landing?.status(), 200);
  assert.ok((await landing.body()).length < PAGE_BYTES_MAX);
  await assertTold(site, ['PKR\u00a05.00 a day', 'STOP']);
  await site.locator('input[name=msisdn]').fill(number);
  await site.locator('form button').first().click();

  const phone = await context.newPage();
  const pin = await readOnPhone(phone, abroad, /\b(\d{5}) is your PIN/);
  await site.locator('input[name=pin]').fill(pin);
  await site.locator('form button').first().click();
  await assertTold(site, ['subscribed']);

  const link = await readOnPhone(phone, abroad, /(https?:\/\/\S+\/c\/\S+)/);
  await site.goto(link);
  await site.locator('form button').first().click();
  await assertTold(site, ['Music']);

  const message = phone.getByRole('textbox', { name: 'Message' });
  await message.fill('STOP');
  await message.press('Enter');
  await readOnPhone(phone, abroad, /(Music has ended)/);
  await stage.quiet();
  const [subscription] = await stage.subscriptionsOf(`+${abroad}`);
  assert.equal(subscription?.status, 'cancelled');
  const { debits } = (await (await fetch(`${stage.simulator}/ledger?msisdn=${abroad}`)).json()) as {
    debits: readonly unknown[];
  };
  assert.equal(debits.length, 1);
  assert.deepEqual(faults, []);
  await context.close();
}

async function assertTold(page: Page, texts: readonly string[]): Promise<void> {
  const told = await page.locator('body').innerText();
  for (const text of texts) assert.ok(told.includes(text), `the page says ${text}: ${told}`);
}

/** Looks at the phone, again and again as people do, until the newest message that fits is there. */
async function readOnPhone(phone: Page, abroad: string, wanted: RegExp): Promise<string> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    await phone.goto(`${stage.simulator}/sim/${abroad}`);
    const found = [
      ...(await phone.locator('body').innerText()).matchAll(new RegExp(wanted, 'g')),
    ].at(-1);
    if (found?.[1]) return found[1];
    assert.ok(performance.now() < endMs, `the phone never showed ${wanted}`);
    await phone.waitForTimeout(100);
  }
}

test('the reference of the API opens', { timeout: 60_000 }, async (t) => {
  const executablePath = browserExecutable(t);
  if (!executablePath) return;
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${stage.site}/docs`);
  await page.getByText('/v1/subscriptions').first().waitFor({ timeout: PATIENCE_MS });
});
