import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import { bookOf } from '#subscriptions/cards/stage';
import { browserExecutable } from '#testing';
import { ASKS, enterCard, fitsTheScreen, openPage, REFUSED } from './browser-hands.ts';
import { openCabinet } from './fixture.ts';

const MSISDN = '+79165550101';

const cabinet = await openCabinet(gateway);
const { cards, publicUrl, quiet } = cabinet;

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
