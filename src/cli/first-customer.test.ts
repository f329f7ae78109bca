import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { letCustomerSubscribe } from './first-customer.ts';
import { findForm } from './html-form.ts';

/** A site and a phone in one: the PIN page comes after the number, the PIN a moment later. */
async function startSite(t: TestContext) {
  const posts: Record<string, string>[] = [];
  const messages = [{ direction: 'mt', text: '9999 is an old PIN' }];
  const page = (action: string, field: string) =>
    `<form action="/elsewhere"><input name="q"></form><form method="post" action="${action}">` +
    `<input type="hidden" name="token" value="a&amp;b"><input name="${field}" value=""></form>`;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.method === 'POST') posts.push(Object.fromEntries(new URLSearchParams(body)));
    const path = request.url ?? '';
    if (path.startsWith('/messages')) return void response.end(JSON.stringify({ messages }));
    if (path === '/lp/demo') return void response.end(page('/lp/demo/number', 'msisdn'));
    if (path !== '/lp/demo/number') return void response.end('<h1>Thank you</h1>');
    setTimeout(() => messages.push({ direction: 'mt', text: '4821 is your PIN for Music' }), 100);
    response.end(page('/lp/demo/pin', 'pin'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('the first customer fills in what the pages ask for, with the PIN from the phone', async (t) => {
  const { posts, url } = await startSite(t);
  await letCustomerSubscribe({
    ...{ landingUrl: `${url}/lp/demo`, simulatorUrl: `${url}/sim`, number: '0300 9102201' },
    ...{ phone: '923009102201', signal: AbortSignal.timeout(10_000) },
  });
  assert.deepEqual(posts, [
    { token: 'a&b', msisdn: '0300 9102201' },
    { token: 'a&b', pin: '4821' },
  ]);
});

test('a page without the form is told by its name', async (t) => {
  const { url } = await startSite(t);
  const lost = letCustomerSubscribe({
    ...{ landingUrl: `${url}/lp/other`, simulatorUrl: url, number: '1', phone: '1' },
    signal: AbortSignal.timeout(10_000),
  });
  await assert.rejects(lost, /\/lp\/other has no form that asks for msisdn/);
});

test('a form is found by its field, and its values are as the page meant them', () => {
  const page =
    '<FORM action="/a?x=1&amp;y=2"><input name=\'no\'><input name="t" value="&quot;&#65;"></FORM>';
  assert.deepEqual(findForm(page, 't'), { action: '/a?x=1&y=2', fields: { t: '"A' } });
  assert.equal(findForm(page, 'pin'), undefined);
});
