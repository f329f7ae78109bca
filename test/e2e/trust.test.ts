import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage } from './stage.ts';

// Nobody's word on where a request came from is believed here: this machine is no proxy of ours.
const open = await openStage({ trustedProxies: '10.9.9.9', operator: { queryMsisdn: false } });
const MSISDN = '+923007000001';

async function sourceOfLastHit(stage: typeof open) {
  await stage.quiet();
  const [hit] = await stage.database.pool
    .selectFrom('reports.hit')
    .select(['msisdn', 'msisdn_source', 'msisdn_error', 'address'])
    .orderBy('at', 'desc')
    .limit(1)
    .execute();
  const address = String(hit?.address).replace('/32', '');
  return [hit?.msisdn, hit?.msisdn_source, hit?.msisdn_error, address];
}

test('an operator’s header and a forwarded address from a stranger are not believed', async () => {
  const phone = open.phone('923007000001');
  const forged = { 'x-msisdn': phone.digits, 'x-forwarded-for': '127.0.0.77' };
  const page = await phone.open('/lp/demo', forged);
  assert.deepEqual(await sourceOfLastHit(open), [null, 'none', 'header_untrusted', '127.0.0.1']);
  assert.match(page.text, /name="msisdn"/, 'the person is asked for the number');
  assert.deepEqual((await open.story(MSISDN)).kinds, []);
});

test('a number in the query counts for nothing where the operator’s settings do not say so', async () => {
  const phone = open.phone('923007000002');
  const page = await phone.open(`/lp/demo?msisdn=${phone.digits}`);
  assert.match(page.text, /name="msisdn"/);
  assert.deepEqual((await sourceOfLastHit(open)).slice(0, 2), [null, 'none']);
  assert.deepEqual((await open.story(phone.msisdn)).kinds, []);
});

test('an SMS of a customer is taken from the operator’s own addresses only', async () => {
  await open.changeOperator({ addressRanges: ['39.41.0.0/16'] });
  const before = await open.stored();
  const { status, body } = await open.post(
    '/v1/operators/mobilink/mo',
    { id: 'forged', from: '923007000003', to: '7787', text: 'STOP' },
    { key: '', headers: { 'x-forwarded-for': '39.41.1.1' } },
  );
  assert.deepEqual([status, body.code], [403, 'incoming_refused']);
  assert.deepEqual(await open.stored(), before);
});

test('through a proxy of ours the header counts from the operator’s network, and from nowhere else', async () => {
  const stage = await openStage({
    operator: { queryMsisdn: false, addressRanges: ['39.41.0.0/16'] },
  });
  const phone = stage.phone('923007000004');
  const outside = { 'x-msisdn': phone.digits, 'x-forwarded-for': '203.0.113.9' };
  assert.match((await phone.open('/lp/demo', outside)).text, /name="msisdn"/);
  assert.deepEqual((await sourceOfLastHit(stage)).slice(0, 3), [null, 'none', 'header_untrusted']);

  // What stands further left in the header is the visitor's own word.
  const smuggled = { 'x-msisdn': phone.digits, 'x-forwarded-for': '39.41.7.7, 203.0.113.9' };
  assert.match((await phone.open('/lp/demo', smuggled)).text, /name="msisdn"/);
  assert.equal((await sourceOfLastHit(stage))[3], '203.0.113.9');

  const inside = { 'x-msisdn': phone.digits, 'x-forwarded-for': '39.41.7.7' };
  const page = await phone.open('/lp/demo', inside);
  assert.deepEqual(await sourceOfLastHit(stage), [
    phone.msisdn,
    'operator_header',
    null,
    '39.41.7.7',
  ]);
  await phone.fill(page);
  assert.deepEqual((await stage.story(phone.msisdn)).kinds, [
    ...['hit.access', 'action.pull_click', 'subscription.created'],
    ...['payment.accepted', 'subscription.charged', 'content.delivered'],
  ]);
});
