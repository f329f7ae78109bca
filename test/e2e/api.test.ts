import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import { type Asking, openStage } from './stage.ts';

const stage = await openStage();
const { clock, database } = stage.house;

const reader = await createApiKey(database, {
  ...{ name: 'reader', scopes: ['subscriptions:read'], now: clock.now() },
});

type Answer = Awaited<ReturnType<typeof stage.get>>;

/** A problem document that names the field, and a database in which nothing has changed. */
async function refused(
  ask: () => Promise<Answer>,
  expected: { readonly status: number; readonly code?: string; readonly field?: string },
): Promise<void> {
  await stage.quiet();
  const before = await stage.stored();
  const { body, headers, status } = await ask();
  assert.equal(status, expected.status, JSON.stringify(body));
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(body.status, expected.status);
  for (const member of ['type', 'title', 'detail']) assert.ok(body[member], `${member} is missing`);
  if (expected.code) assert.equal(body.code, expected.code);
  if (expected.field) {
    const fields = (body.errors as { field: string }[]).map(({ field }) => field);
    assert.ok(fields.includes(expected.field), JSON.stringify(body));
  }
  assert.deepEqual(await stage.stored(), before);
}

async function subscribed(digits: string) {
  const phone = stage.phone(digits);
  await phone.subscribeByQuery();
  await stage.quiet();
  const [subscription] = await stage.subscriptionsOf(phone.msisdn);
  assert.ok(subscription);
  return {
    phone,
    id: subscription.subscription,
    path: `/v1/subscriptions/${subscription.subscription}`,
  };
}

function cancel(path: string, key: string, body: unknown = {}, more: Asking = {}) {
  return stage.post(`${path}/cancel`, body, { ...more, headers: { 'idempotency-key': key } });
}

test('a subscription is shown with its bills', async () => {
  const { path } = await subscribed('923006000001');
  const { body, status } = await stage.get(path);
  assert.equal(status, 200);
  const { bills, created_at, due_at, paid_until, subscription, ...rest } = body;
  assert.deepEqual(rest, {
    ...{ msisdn: '+923006000001', service: 'music', title: 'Music', operator: 'mobilink' },
    ...{ status: 'active', alive: true, price_minor: 500, currency: 'PKR', period: 'daily' },
  });
  assert.equal(due_at, paid_until);
  const [bill] = bills as Record<string, unknown>[];
  const { closed_at, opened_at, ...money } = bill ?? {};
  assert.deepEqual(money, {
    ...{ period: 0, amount_minor: 500, currency: 'PKR', state: 'paid', attempts: 1 },
  });
});

test('subscriptions of a number come newest first, in pages that hold each once', async () => {
  const { phone } = await subscribed('923006000002');
  await phone.subscribeByQuery();
  await phone.subscribeByQuery('weekly');
  await stage.quiet();
  const all = (await stage.subscriptionsOf(phone.msisdn)).map((one) => one.subscription);
  assert.equal(all.length, 3);
  const paged: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await stage.get(
      `/v1/subscriptions?limit=1&msisdn=${phone.digits}${cursor && `&cursor=${cursor}`}`,
    );
    paged.push(...(body.items as { subscription: string }[]).map((one) => one.subscription));
    if (body.next_cursor === null) break;
    cursor = String(body.next_cursor);
  }
  assert.deepEqual(paged, all);
});

test('a cancellation is carried out once and answered the same ever after', async () => {
  const { phone, path } = await subscribed('923006000003');
  const first = await cancel(path, 'cancel-1', { reason: 'asked by letter' });
  assert.equal(first.status, 200);
  assert.deepEqual(
    [first.body.status, first.body.alive, first.body.end_reason, first.body.due_at],
    ['cancelled', false, 'stop_by_api', undefined],
  );
  const again = await cancel(path, 'cancel-1', { reason: 'asked by letter' });
  assert.deepEqual([again.status, again.text], [200, first.text]);
  const story = await stage.story(phone.msisdn);
  assert.equal(story.kinds.filter((kind) => kind === 'subscription.cancelled').length, 1);
  const { bills: _, ...shown } = (await stage.get(path)).body;
  assert.deepEqual(shown, first.body, 'the answer says what is stored');

  await refused(() => cancel(path, 'cancel-1', { reason: 'another' }), {
    status: 422,
    code: 'idempotency_key_reused',
  });
  const ended = await cancel(path, 'cancel-2');
  assert.deepEqual([ended.status, ended.body.code], [409, 'subscription_ended']);
  const repeated = await cancel(path, 'cancel-2');
  assert.deepEqual([repeated.status, repeated.body.code], [409, 'subscription_ended']);
});

test('ten equal cancellations at once are one', async () => {
  const { phone, path } = await subscribed('923006000004');
  const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(path, 'at-once')));
  const done = answers.filter(({ status }) => status === 200);
  assert.ok(done.length >= 1);
  assert.equal(new Set(done.map(({ text }) => text)).size, 1);
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  const { kinds } = await stage.story(phone.msisdn);
  assert.equal(kinds.filter((kind) => kind === 'subscription.cancelled').length, 1);
});

test('what is wrong with a call is told by a problem document, and nothing is stored', async () => {
  const { path } = await subscribed('923006000005');
  const list = '/v1/subscriptions?msisdn=923006000005';
  await refused(() => stage.get(list, { key: '' }), { status: 401 });
  await refused(() => stage.get(list, { key: 'kop_not-one-of-ours' }), { status: 401 });
  await refused(() => cancel(path, 'a', {}, { key: reader.text }), { status: 403 });
  await refused(() => stage.get('/v1/timeline?msisdn=923006000005', { key: reader.text }), {
    status: 403,
  });
  await refused(() => stage.get('/v1/subscriptions'), { status: 400, field: 'msisdn' });
  await refused(() => stage.get('/v1/timeline'), { status: 400, field: 'msisdn' });
  for (const odd of ['12', 'abcdefgh', '+0123456789', '92300600000599999999', '%00123456']) {
    await refused(() => stage.get(`/v1/subscriptions?msisdn=${odd}`), {
      status: 400,
      field: 'msisdn',
    });
    await refused(() => stage.get(`/v1/timeline?msisdn=${odd}`), { status: 400, field: 'msisdn' });
  }
  await refused(() => stage.get(`${list}&limit=0`), { status: 400, field: 'limit' });
  await refused(() => stage.get(`${list}&cursor=nonsense`), { status: 400, field: 'cursor' });
  const other = Buffer.from('["1"]').toString('base64url');
  await refused(() => stage.get(`${list}&cursor=${other}`), { status: 400 });
  await refused(() => stage.get('/v1/subscriptions/sub_1x1'), {
    status: 404,
    code: 'subscription_unknown',
  });
  await refused(() => stage.get('/v1/subscriptions/pay_1x1'), {
    status: 400,
    code: 'id_malformed',
  });
  await refused(() => stage.get('/v1/subscriptions/sub_vvvvvvvvvvvvvx1'), {
    status: 400,
    code: 'id_malformed',
  });
  await refused(() => stage.get('/v1/nothing'), { status: 404 });
});

test('cancelling what is not there is a refusal that is kept for its key', async () => {
  const unknown = '/v1/subscriptions/sub_1x1';
  for (let times = 0; times < 2; times += 1) {
    const { body, status } = await cancel(unknown, 'not-there');
    assert.deepEqual([status, body.code], [404, 'subscription_unknown']);
  }
});

test('a body that breaks the schema is refused with its field named', async () => {
  const { path } = await subscribed('923006000006');
  await refused(() => cancel(path, 'c', { reason: 7 }), { status: 400, field: 'reason' });
  await refused(() => cancel(path, 'd', { reason: 'x'.repeat(201) }), {
    status: 400,
    field: 'reason',
  });
  await refused(() => cancel(path, 'e', { reasons: 'x' }), { status: 400, field: 'reasons' });
  await refused(() => cancel(path, 'f', '{"reason":'), { status: 400 });
  await refused(() => cancel(path, 'g', { reason: 'a\u0000b' }), { status: 400, field: 'reason' });
  await refused(() => cancel(path, 'h', `{"reason":"${'x'.repeat(2_000_000)}"}`), { status: 413 });
  await refused(() => stage.post(`${path}/cancel`, {}), { status: 400, field: 'idempotency-key' });
});

test('an SMS that an operator delivers is judged before it is stored', async () => {
  const mo = { id: '1', from: '923006000007', to: '7787', text: 'hello' };
  const deliver = (body: unknown, operator = 'mobilink') =>
    stage.post(`/v1/operators/${operator}/mo`, body, { key: '' });
  await refused(() => deliver(mo, 'nobody'), { status: 404, code: 'operator_unknown' });
  await refused(() => deliver({ ...mo, from: '49301234567' }), { status: 400, field: 'msisdn' });
  await refused(() => deliver({ ...mo, from: undefined }), { status: 400, field: 'from' });
  await refused(() => deliver({ ...mo, id: '' }), { status: 400, field: 'id' });
  await refused(() => deliver({ ...mo, text: 'x'.repeat(2001) }), { status: 400, field: 'text' });
  await refused(() => deliver({ ...mo, extra: 1 }), { status: 400, field: 'extra' });
});

test('no letter in a customer’s SMS or in a link breaks the pipeline, and a STOP among them counts', async () => {
  const { phone } = await subscribed('923006000008');
  const page = await phone.open(
    `/lp/demo?aff_sub=${encodeURIComponent('a\u0000b')}&aff_pub=%ED%A0%80`,
  );
  assert.ok(page.status < 500);
  await stage.quiet();
  const mo = { id: 'odd\u0000', from: phone.digits, to: '7787', text: 'STOP \ud83d\u0000\'"<&>' };
  const { status } = await stage.post('/v1/operators/mobilink/mo', mo, { key: '' });
  assert.equal(status, 200);
  await stage.quiet();
  assert.equal((await stage.subscriptionsOf(phone.msisdn))[0]?.status, 'cancelled');
  await stage.quiet();
  const depths = await stage.house.bus.depths();
  assert.deepEqual(
    depths.filter((one) => one.dead + one.delayed > 0),
    [],
  );
});
