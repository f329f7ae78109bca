import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Fixture, startFixture } from './fixture.ts';
import { formatMoney } from './money.ts';

const number = '923009102250';
let fixture: Fixture;

before(async () => {
  fixture = await startFixture();
});
after(() => fixture.simulator.close());

async function open(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(fixture.simulator.url + path, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
    ...init,
  });
}

function form(path: string, fields: Record<string, string>, site = 'same-origin') {
  return open(path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { accept: 'text/html', 'sec-fetch-site': site },
  });
}

test('the way to a phone: /, the chooser, the number however it is typed', async () => {
  assert.equal((await open('/')).headers.get('location'), '/sim');
  assert.match(await (await open('/sim')).text(), /value="923009102250"/);
  const chosen = await open(`/sim?msisdn=${encodeURIComponent('+92 300 910-2250')}`);
  assert.equal(chosen.headers.get('location'), `/sim/${number}`);
  const wrong = await open('/sim?msisdn=%22%3Ex');
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /value="&quot;&gt;x"/);
});

test('forms work without a script and lead back to the phone', async () => {
  const sent = await form(`/customers/${number}/mo`, { text: '<b>STOP</b>', to: '7787' });
  assert.deepEqual([sent.status, sent.headers.get('location')], [303, `/sim/${number}`]);
  await form(`/customers/${number}/topup`, { amount_minor: '5000' });
  await fixture.debit({ msisdn: number, id: '12345', externalData: '&lt;i&gt;' });
  const html = await (await open(`/sim/${number}`)).text();
  assert.match(html, /&lt;b&gt;STOP&lt;\/b&gt;/);
  assert.match(html, /145\.00 PKR/);
  assert.match(html, /<code>12345<\/code><small><br>&lt;i&gt;/);
});

test('a problem is shown as a page to a browser', async () => {
  const refused = await form(`/customers/${number}/mo`, { text: ' ' });
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /text must be a text/);
});

test("another site's form is refused", async () => {
  const refused = await form(`/customers/${number}/mo`, { text: 'STOP' }, 'cross-site');
  assert.equal(refused.status, 403);
});

test('a page runs nothing inline', async () => {
  const response = await open(`/sim/${number}`);
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const html = await response.text();
  assert.doesNotMatch(html, /<script>|<style>| style=| on\w+=/);
});

test('the live parts come only when something has changed', async () => {
  const first = await fixture.get(`/sim/${number}/live`);
  assert.ok('parts' in first);
  const path = `/sim/${number}/live?revision=${first.revision}`;
  assert.deepEqual(await fixture.get(path), { revision: first.revision });
  await fixture.send('POST', '/sms', { id: '1', from: '7787', to: number, text: 'new' });
  assert.match(JSON.stringify(await fixture.get(path)), /new/);
});

test('money is shown exactly, debts with a minus', () => {
  assert.equal(formatMoney(123_456, 'PKR'), '1,234.56 PKR');
  assert.equal(formatMoney(-5, 'PKR'), '−0.05 PKR');
});
