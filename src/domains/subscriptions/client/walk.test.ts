import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { chromium, type Page } from 'playwright-core';
import { parsePaymentId } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { bookOf } from '#subscriptions/cards/gateway-hands';
import { browserExecutable } from '#testing';
import { openCabinet } from './fixture.ts';

/** The simulator's cards: the bank asks who is there; the bank says no. */
const ASKS = '4242424242424242';
const REFUSED = '4000056655665556';
const MSISDN = '+79165550101';

const cabinet = await openCabinet(gateway);
const { cards, publicUrl, quiet } = cabinet;

async function openPage(t: TestContext, executablePath: string): Promise<Page> {
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

async function fitsTheScreen(page: Page): Promise<void> {
  const tooWide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  assert.ok(tooWide <= 0, `${page.url()} is ${tooWide} pixels too wide`);
}

async function enterCard(page: Page, number: string): Promise<void> {
  const form = page.frameLocator('iframe');
  await form.locator('[name=number]').fill(number);
  await form.locator('[name=expires]').fill('1239');
  await form.locator('[name=cvv]').fill('123');
  await form.locator('[data-pay]').click();
}

test('from the shop through a declined card and the bank to the cabinet, and out with money back', {
  timeout: 600_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const page = await openPage(t, executable);

  await page.goto(`${publicUrl}/shop`);
  await fitsTheScreen(page);
  await page
    .locator('section', { hasText: 'Renews by itself' })
    .first()
    .getByRole('button')
    .click();
  await page.getByLabel('Your mobile number').fill(MSISDN);
  await fitsTheScreen(page);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('checkbox').waitFor();
  await fitsTheScreen(page);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: /Agree and/ }).click();

  // The form opens by itself; closed and opened again, it is the same payment.
  await page.frameLocator('iframe').locator('header [data-close]').click();
  await page.getByText('Nothing has been taken').first().waitFor();
  await fitsTheScreen(page);
  await page.getByRole('button', { name: /^Pay/ }).click();
  await enterCard(page, REFUSED);
  await page.frameLocator('iframe').locator('[data-again]').click();
  await enterCard(page, ASKS);
  await page.frameLocator('iframe').frameLocator('iframe').getByText('Yes, it is me').click();
  await page.frameLocator('iframe').locator('.outcome [data-close]').click();
  await page.getByText('you are subscribed').waitFor();
  await fitsTheScreen(page);
  const shown = cards.readPage(new URL(page.url()).pathname.split('/')[2] ?? '');
  assert.ok(shown.page === 'payment');
  const { payment, subscription } = shown;
  assert.ok((await bookOf(cabinet, payment)) > 0);

  await page.getByRole('link', { name: 'Your subscriptions' }).click();
  await page.getByLabel('Your mobile number').fill(MSISDN);
  await page.getByRole('button', { name: 'Send me a PIN' }).click();
  await page.getByLabel('PIN from the SMS').fill(cabinet.pinOf(MSISDN));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Next charge').first().waitFor();
  for (const path of ['', `/s/${subscription}`, '/payments', `/payments/${payment}`, '/cards']) {
    await page.goto(`${publicUrl}/me${path}`);
    await fitsTheScreen(page);
  }
  for (const part of ['change', 'pause', 'cancel']) {
    await page.goto(`${publicUrl}/me/s/${subscription}/${part}`);
    await fitsTheScreen(page);
  }
  await page.getByRole('button', { name: 'Cancel now' }).click();
  await page.getByText('on its way back to your card').waitFor();
  await quiet();
  await page.goto(`${publicUrl}/me/payments`);
  await page.getByText('Given back').first().waitFor();
  assert.equal(await bookOf(cabinet, payment), 0);
  assert.ok(parsePaymentId(payment).customerId > 0n);
});

test('a browser that goes back after paying is told that it is paid, and pays nothing again', {
  timeout: 600_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const life = await cabinet.buys({ locale: 'en' });
  const { payment, subscription } = life;
  const page = await openPage(t, executable);
  const url = cards.pageUrl({ page: 'payment', payment, subscription, returnUrl: publicUrl });
  await page.goto(url);
  await page.getByRole('button', { name: /^Pay/ }).waitFor();
  await life.pays();
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.frameLocator('iframe').locator('header [data-close]').click();
  // The form was closed; what is stored says paid, and that is what counts.
  await page.getByText('you are subscribed').waitFor();
  await page.goto(url);
  await page.getByText('you are subscribed').waitFor();
  assert.equal(await page.locator('script').count(), 0);
  assert.equal(await bookOf(cabinet, payment), 19_900);
});
