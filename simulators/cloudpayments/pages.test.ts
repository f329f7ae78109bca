import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { chromium, type Page } from 'playwright-core';
import { browserExecutable } from '#testing';
import { cards, Merchant, startFixture } from './fixture.ts';
import { standardPublicId } from './index.ts';

/** A merchant's page that pays with these words when its button is pressed, and writes down what it is told. */
async function openShop(t: TestContext, executablePath: string, script: string): Promise<Page> {
  const html = `<!doctype html><meta charset="utf-8"><button id="pay">Pay</button><pre id="said"></pre>${script}`;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  t.after(async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  });
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return page;
}

function shopScript(url: string, call: string): string {
  return `<script src="${url}/bundles/cloudpayments.js"></script><script>
const said = (word) => (document.getElementById('said').textContent += word + ' ');
const order = { publicId: '${standardPublicId}', description: 'Pro', amount: 199, currency: 'RUB', invoiceId: 'inv-77', accountId: 'user-7' };
document.getElementById('pay').onclick = () => ${call};</script>`;
}

const pay = `new cp.CloudPayments({ language: 'en-US' }).pay('charge', order, {
  onSuccess: () => said('success'), onFail: (reason) => said('fail:' + reason),
  onComplete: ({ success, code }) => said('complete:' + success + code) })`;

test('the widget takes a card, shows the bank, and tells the page and the merchant', {
  timeout: 240_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Check', 'Pay') });
  const page = await openShop(t, executable, shopScript(fixture.url, pay));
  await page.click('#pay');
  const frame = page.frameLocator('iframe');
  await frame.locator('[data-pay]').click();
  assert.equal(await frame.getByRole('alert').textContent(), 'Check the card number');
  await frame.locator('[name=number]').fill(cards.noMoney);
  await frame.locator('[name=expires]').fill('1239');
  await frame.locator('[name=cvv]').fill('123');
  await frame.locator('[data-pay]').click();
  await frame.getByText('Not enough money on the card').waitFor();
  await frame.locator('[data-again]').click();
  await frame.locator('[name=number]').fill(cards.threeDs);
  await frame.locator('[data-pay]').click();
  await frame.frameLocator('iframe').getByText('Yes, it is me').click();
  await frame.getByText('Paid', { exact: true }).waitFor();
  await frame.locator('.outcome [data-close]').click();
  await page.locator('iframe').waitFor({ state: 'detached' });
  await page.getByText('success').waitFor();
  assert.equal(
    (await page.textContent('#said'))?.trim(),
    'complete:false5051 complete:true0 success',
  );
  await fixture.settle();
  const paid = merchant.received.find(({ path }) => path === 'pay');
  assert.deepEqual(
    [paid?.fields.InvoiceId, paid?.fields.AccountId, paid?.fields.Amount],
    ['inv-77', 'user-7', '199.00'],
  );
  assert.match(String(paid?.fields.Token), /^tk_/);
  assert.equal(merchant.paths().filter((path) => path === 'check').length, 2);
  assert.deepEqual(await fixture.movements(), ['debit 199']);
});

test('the current call of the widget resolves when it is closed: paid in two stages, or cancelled', {
  timeout: 240_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const fixture = await startFixture(t);
  const call = `new cp.CloudPayments().start({ publicTerminalId: order.publicId, paymentSchema: 'Dual',
    externalId: 'inv-78', amount: 10.5, currency: 'RUB', description: 'Pro', culture: 'en-US', autoClose: 60,
    userInfo: { accountId: 'user-8' } }).then(({ type, status }) => said(type + ':' + status))`;
  const page = await openShop(t, executable, shopScript(fixture.url, call));
  await page.click('#pay');
  const frame = page.frameLocator('iframe');
  await frame.locator('header [data-close]').click();
  await page.getByText('cancel:cancel').waitFor();
  await page.click('#pay');
  await frame.locator('summary').click();
  await frame.locator(`[data-card="${cards.plain}"]`).click();
  await frame.locator('[data-pay]').click();
  await frame.getByText('Paid', { exact: true }).waitFor();
  await frame.locator('.outcome [data-close]').click();
  await page.getByText('payment:success').waitFor();
  const found = await fixture.call('payments/find', { InvoiceId: 'inv-78' });
  assert.deepEqual([found.Model?.Status, found.Model?.Amount], ['Authorized', 10.5]);
});

test('a payment whose answer was lost on the way to the widget is not taken again by another try', {
  timeout: 240_000,
}, async (t) => {
  const executable = browserExecutable(t);
  if (executable === undefined) return;
  const fixture = await startFixture(t);
  const page = await openShop(t, executable, shopScript(fixture.url, pay));
  let lost = 1;
  await page.route('**/widget/pay', async (route) => {
    const response = await route.fetch();
    if (lost === 0) return route.fulfill({ response });
    lost -= 1;
    return route.abort();
  });
  await page.click('#pay');
  const frame = page.frameLocator('iframe');
  await frame.locator('summary').click();
  await frame.locator(`[data-card="${cards.plain}"]`).click();
  await frame.locator('[data-pay]').click();
  await frame.getByText('No connection').waitFor();
  await frame.locator('[data-pay]').click();
  await frame.getByText('Paid', { exact: true }).waitFor();
  assert.deepEqual(await fixture.movements(), ['debit 199']);
});

test('the operator’s page shows, finds, resends and charges back, and works without a script', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Pay') });
  await fixture.charge(cards.plain, { InvoiceId: '<b>one</b>' });
  const second = (await fixture.charge(cards.plain, { InvoiceId: 'two' })).Model?.TransactionId;
  await fixture.settle();
  const html = async (path = '/') => (await fetch(fixture.url + path)).text();
  assert.match(await html(), /&lt;b&gt;one&lt;\/b&gt;/);
  const found = await html('/?q=two');
  assert.ok(found.includes(String(second)) && !found.includes('&lt;b&gt;'));
  const press = async (path: string, fields: Record<string, string> = {}) => {
    const response = await fetch(fixture.url + path, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
      headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    });
    return [response.status, response.headers.get('location')];
  };
  const resend = /action="(\/control\/notifications\/\d+\/resend)"/.exec(found)?.[1] ?? '';
  const before = merchant.received.length;
  assert.deepEqual(await press(resend), [303, '/']);
  assert.equal(merchant.received.length, before + 1);
  await press('/control/chargebacks', { transactionId: String(second) });
  assert.match(await html(), /199\.00 charged back/);
  await press('/control/scenarios', { name: 'decline', invoiceId: '', code: '5041', times: '1' });
  assert.match(await html(), /<strong>decline<\/strong>/);
  const live = await fixture.get('/live?q=two&revision=0');
  assert.ok(JSON.stringify(live.parts).includes(String(second)));
  const again = await fixture.get(`/live?revision=${live.revision}`);
  assert.equal(again.parts, undefined);
});
