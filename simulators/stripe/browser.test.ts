import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { browserExecutable } from '#testing';
import { start } from './fixture.ts';

const patienceMs = 30_000;
const launch = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

async function open(context: TestContext): Promise<Browser | undefined> {
  const executablePath = browserExecutable(context);
  if (executablePath === undefined) return undefined;
  const browser = await chromium.launch({ executablePath, args: launch });
  context.after(() => browser.close());
  return browser;
}

/** The merchant's page on another origin: it pays by the script and writes down how that went. */
async function openShop(context: TestContext, script: string): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    const isBack = request.url?.startsWith('/back') === true;
    response.end(`<!doctype html><title>Shop</title><p id="result">${isBack ? 'back' : ''}</p>
${isBack ? '' : script}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function scriptOf(url: string, secret: string, call: string): string {
  return `<script src="${url}/v3/"></script><script>
const stripe = Stripe('pk_test_kopek');
${call.replace('SECRET', JSON.stringify(secret))}</script>`;
}

const show = `stripe.confirmCardPayment(SECRET).then(({ error, paymentIntent }) => {
  document.querySelector('#result').textContent = error ? error.code : paymentIntent.status;
});`;

test('a page pays in a frame, through 3-D Secure, and hears how it went', {
  timeout: 120_000,
}, async (context) => {
  const browser = await open(context);
  if (!browser) return;
  const { client, ledger, url } = await start(context);
  const intent = await client.paymentIntents.create({ amount: 500, currency: 'rub' });
  const shop = await openShop(context, scriptOf(url, intent.client_secret ?? '', show));
  const page = await browser.newPage();
  page.setDefaultTimeout(patienceMs);
  await page.goto(shop);
  const frame = page.frameLocator('iframe');
  await frame.locator('select').selectOption('chargeDeclined');
  await frame.getByRole('button', { name: 'Pay' }).click();
  await frame.getByText('Your card was declined').waitFor();
  await frame.locator('select').selectOption('threeDSecure2Required');
  await frame.getByRole('button', { name: 'Pay' }).click();
  await frame.getByRole('button', { name: 'Yes, it is me' }).click();
  await page.getByText('succeeded', { exact: true }).waitFor();
  assert.equal(await page.locator('iframe').count(), 0);
  assert.deepEqual(await ledger(), ['debit 500']);
});

test('a page leads to the one that pays, and its holder comes back, without a script there too', {
  timeout: 120_000,
}, async (context) => {
  const browser = await open(context);
  if (!browser) return;
  const { client, ledger, url } = await start(context);
  for (const javaScriptEnabled of [true, false]) {
    const { client_secret, id } = await client.paymentIntents.create({
      amount: 500,
      currency: 'rub',
    });
    const secret = client_secret ?? '';
    const leave = `stripe.confirmPayment({ clientSecret: SECRET, confirmParams: { return_url: location.origin + '/back' } });`;
    const shop = await openShop(context, scriptOf(url, secret, leave));
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
    page.setDefaultTimeout(patienceMs);
    const query = new URLSearchParams({ secret, return_url: `${shop}/back` });
    await page.goto(javaScriptEnabled ? shop : `${url}/pay/${id}?${query}`);
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByText('back', { exact: true }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('redirect_status'), 'succeeded');
  }
  assert.deepEqual(await ledger(), ['debit 500', 'debit 500']);
});

test('the page for people draws itself again', { timeout: 120_000 }, async (context) => {
  const browser = await open(context);
  if (!browser) return;
  const { client, url } = await start(context);
  const page = await browser.newPage();
  page.setDefaultTimeout(patienceMs);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  await page.getByText('No money has moved yet').waitFor();
  await client.paymentIntents.create({
    ...{ amount: 500, currency: 'rub', payment_method: 'pm_card_visa', confirm: true },
    metadata: { payment: 'pay_seen' },
  });
  await page.getByText('pay_seen').waitFor();
  await page.locator('select[name=name]').selectOption('unavailable');
  await page.getByRole('button', { name: 'Let it happen' }).click();
  await page.locator('li strong', { hasText: 'unavailable' }).waitFor();
  assert.deepEqual(problems, []);
});
