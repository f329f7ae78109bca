import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as gateway from '#simulators/cloudpayments';
import { bookOf } from '#subscriptions/cards/stage';
import { browserExecutable } from '#testing';
import { ASKS, enterCard, openPage, REFUSED } from './browser-hands.ts';
import { openCabinet } from './fixture.ts';

const cabinet = await openCabinet(gateway, { widget: 'pay' });

test('the older widget is led in its own manner: declined it says so, paid it leads to the result', {
  timeout: 600_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const { cards, publicUrl } = cabinet;
  const { payment, subscription } = await cabinet.buys({ locale: 'en' });
  const page = await openPage(t, executable);
  await page.goto(cards.pageUrl({ page: 'payment', payment, subscription, returnUrl: publicUrl }));
  const pay = page.getByRole('button', { name: /^Pay/ });
  await pay.click();
  await enterCard(page, REFUSED);
  const form = page.frameLocator('iframe');
  await form.locator('[data-again]').waitFor();
  await form.locator('[data-close]').locator('visible=true').first().click();
  await page.getByText('declined this card').waitFor();
  await pay.click();
  await enterCard(page, ASKS);
  await form.frameLocator('iframe').getByText('Yes, it is me').click();
  await form.locator('.outcome [data-close]').click();
  await page.getByText('you are subscribed').waitFor();
  assert.equal(await bookOf(cabinet, payment), 19_900);
});
