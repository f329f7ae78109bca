import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createHttpServer } from '#http';
import { uuidV7 } from '#ids';
import { payoutId } from '#payouts/payout';
import { type MadePayout, setStage } from '#payouts/stage';
import { testDatabase } from '#testing';
import { registerPayoutClientRoutes } from './client-http.ts';
import { registerPayoutRoutes } from './payout-http.ts';

const database = await testDatabase();
const stage = await setStage(database, { approvalAbove: new Map([['RUB', 5000n]]) });
const { ask, clock, log, machine, says, stateOf } = stage;
const keyring = createKeyring({ database });
const server = await createHttpServer({ log, api: { keyring, database, clock } });
registerPayoutRoutes(server.app, { payouts: machine });
registerPayoutClientRoutes(server.app, { payouts: machine });
const make = (...scopes: string[]) =>
  createApiKey(database, { name: 'test', scopes, now: clock.now() });
const reader = await make('payouts:read');
const writer = await make('payouts:write', 'payouts:read');
const approvers = [await make('payouts:approve'), await make('payouts:approve')] as const;
after(async () => {
  await server.close();
  await stage.bus.close();
});

type Key = typeof reader;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

async function call(
  method: Method,
  url: string,
  { body, key = writer, once = uuidV7() }: { body?: object; key?: Key; once?: string } = {},
) {
  const answer = await server.app.inject({
    ...{ method, url },
    headers: { authorization: `Bearer ${key.text}`, 'idempotency-key': once },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

const url = ({ id }: MadePayout, more = '') => `/v1/payouts/${payoutId(id)}${more}`;

test('a payout is shown with its steps, facts and statuses', async () => {
  const payout = await ask({ amount: 700n });
  await machine.gate.round();
  await says(payout, 'ACK');
  const { body, status } = await call('GET', url(payout), { key: reader });
  assert.equal(status, 200);
  assert.equal(body.state, 'acknowledged');
  assert.equal(body.reserved_minor, 700);
  assert.deepEqual(
    body.steps.map(({ step }: { step: string }) => step),
    ['create', 'check', 'approve', 'reserve', 'send', 'acknowledge'],
  );
  assert.deepEqual(
    body.cash_payment_facts.map((fact: { amount_minor: number }) => fact.amount_minor),
    [700],
  );
  assert.deepEqual(
    body.statuses.map((one: { status: string; outcome: string }) => [one.status, one.outcome]),
    [['ACK', 'applied']],
  );
});

test('payouts come in pages, by client and state, newest first', async () => {
  const clientId = 'a client of many';
  const made = [];
  for (let n = 0; n < 3; n += 1) {
    made.push(payoutId((await ask({ clientId })).id));
    await call('POST', `/v1/payouts/${made.at(-1)}/cancel`, { body: { reason: 'a test' } });
  }
  const list = (more = '') =>
    `/v1/payouts?client_id=${encodeURIComponent(clientId)}&limit=2${more}`;
  const first = await call('GET', list('&state=cancelled'));
  const second = await call('GET', list(`&cursor=${first.body.next_cursor}`));
  assert.deepEqual(
    [...first.body.items, ...second.body.items].map(({ payout }) => payout),
    made.toReversed(),
  );
  assert.equal(second.body.next_cursor, null);
  assert.deepEqual((await call('GET', list('&state=paid'))).body.items, []);
  assert.equal((await call('GET', list('&state=lost'))).status, 400);
});

test('two keys approve what they have seen; the same call again is the same answer', async () => {
  const payout = await ask({ amount: 6000n });
  await machine.gate.round();
  const { body } = await call('GET', url(payout));
  assert.equal(body.state, 'needs_approval');
  const hash = body.approval_hash;
  const approve = (key: Key, once?: string, given = hash) =>
    call('POST', url(payout, '/approve'), {
      body: { hash: given },
      key,
      ...(once ? { once } : {}),
    });
  const outdated = await approve(approvers[0], undefined, '0'.repeat(64));
  assert.equal(outdated.status, 409);
  assert.equal(outdated.body.code, 'approval_outdated');
  const once = uuidV7();
  const [first, again] = [await approve(approvers[0], once), await approve(approvers[0], once)];
  assert.deepEqual([first.status, again.status], [200, 200]);
  assert.deepEqual(first.body, again.body);
  assert.equal((await approve(approvers[0])).body.code, 'approval_given');
  assert.equal((await approve(writer)).status, 403, 'who may write may not approve');
  assert.equal((await approve(approvers[1])).body.state, 'approved');
  const { body: after_ } = await call('GET', url(payout));
  assert.deepEqual(
    after_.approvals.map(({ approver }: { approver: string }) => approver),
    approvers.map(({ id }) => id),
  );
});

test('refuse, cancel and resolve say who did it and why', async () => {
  const [refused, sent] = [await ask({ amount: 6000n }), await ask()];
  await machine.gate.round();
  const { approval_hash: hash } = (await call('GET', url(refused))).body;
  const answer = await call('POST', url(refused, '/refuse'), {
    ...{ body: { hash, comment: 'too much' }, key: approvers[0] },
  });
  assert.equal(answer.body.state, 'cancelled');
  assert.equal(answer.body.reason, 'too much');
  const late = await call('POST', url(sent, '/cancel'), { body: { reason: 'changed my mind' } });
  assert.deepEqual([late.status, late.body.code], [409, 'payout_sent']);
  await says(sent, 'STRANGE');
  const shown = await call('GET', '/v1/payout-statuses?outcome=conflict');
  assert.ok(shown.body.items.some(({ status }: { status: string }) => status === 'STRANGE'));
  const resolved = await call('POST', url(sent, '/resolve'), {
    body: { as: 'paid', reason: 'seen on the bank statement' },
  });
  assert.equal(resolved.status, 200);
  assert.equal(resolved.body.moving, 'pay');
  await machine.gate.round();
  const { body } = await call('GET', url(sent));
  assert.equal(body.state, 'paid');
  const step = body.steps.find((one: { step: string }) => one.step === 'resolve');
  assert.equal(step.actor, writer.id);
  assert.equal(step.detail.reason, 'seen on the bank statement');
});

test('a hold and its end, and a limit, may be said again and again', async () => {
  const payout = await ask();
  const of = `/v1/payout-clients/${encodeURIComponent(payout.clientId)}`;
  for (let n = 0; n < 2; n += 1) {
    const held = await call('PUT', `${of}/hold`, { body: { reason: 'a question' } });
    assert.deepEqual([held.status, held.body.held, held.body.by], [200, true, writer.id]);
  }
  await machine.gate.round();
  assert.equal((await call('GET', url(payout))).body.state, 'on_hold');
  for (let n = 0; n < 2; n += 1) {
    assert.equal((await call('DELETE', `${of}/hold`)).body.held, false);
  }
  const limit = { currency: 'RUB', approval_above_minor: 10 };
  assert.equal((await call('PUT', `${of}/limit`, { body: limit })).status, 403);
  const set = await call('PUT', `${of}/limit`, { body: limit, key: approvers[0] });
  assert.deepEqual([set.status, set.body], [200, limit]);
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'needs_approval');
});

test('what is wrong is told with its field', async () => {
  const cases = [
    ['GET', '/v1/payouts/pay_1', undefined, 400, /id/],
    ['GET', '/v1/payouts/po_1', undefined, 404, /payout_unknown/],
    ['GET', '/v1/payouts?cursor=nonsense', undefined, 400, /cursor/],
    ['GET', '/v1/payout-statuses?cursor=WyJhIl0', undefined, 400, /cursor/],
    ['GET', '/v1/payout-statuses?outcome=lost', undefined, 400, /outcome/],
    ['POST', '/v1/payouts/po_1/cancel', {}, 400, /reason/],
    ['POST', '/v1/payouts/po_1/cancel', { reason: 'a\u0000b' }, 400, /reason/],
    ['POST', '/v1/payouts/po_1/cancel', { reason: 'x' }, 404, /payout_unknown/],
    ['POST', '/v1/payouts/po_1/resolve', { as: 'lost', reason: 'x' }, 400, /as/],
    ['PUT', '/v1/payout-clients/a/hold', { reason: '' }, 400, /reason/],
    ['PUT', '/v1/payout-clients/a/hold', { reason: 'x', until: 1 }, 400, /until/],
  ] as const;
  for (const [method, path, body, status, names] of cases) {
    const answer = await call(method, path, body === undefined ? {} : { body });
    assert.equal(answer.status, status, path);
    assert.match(JSON.stringify(answer.body), names);
  }
  for (const above of [-1, 1.5, '10']) {
    const body = { currency: 'RUB', approval_above_minor: above };
    const answer = await call('PUT', '/v1/payout-clients/a/limit', { body, key: approvers[0] });
    assert.equal(answer.status, 400, String(above));
    assert.match(JSON.stringify(answer.body), /approval_above_minor/);
  }
});

test('a key without the scope learns and does nothing', async () => {
  const payout = await ask();
  const other = await make('timeline:read');
  assert.equal((await call('GET', url(payout), { key: other })).status, 403);
  assert.equal((await call('GET', '/v1/payout-statuses', { key: other })).status, 403);
  const body = { reason: 'x' };
  assert.equal((await call('POST', url(payout, '/cancel'), { key: reader, body })).status, 403);
  assert.equal(await stateOf(payout), 'new');
});
