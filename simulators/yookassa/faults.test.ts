import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkout, type Json, listen, start, temporaryFolder } from './fixture.ts';
import { startYooKassaSimulator } from './index.ts';

const saved = (method: string): Json => ({ confirmation: undefined, payment_method_id: method });

test('a key gets the same payment for a day; with another body it is refused', async (context) => {
  const { control, ledger, pay, saved: save } = await start(context);
  const method = await save();
  const { body: first } = await pay('pay_1', saved(method));
  assert.equal((await pay('pay_1', saved(method))).body.id, first.id);
  const other = await pay('pay_1', { ...saved(method), description: 'Another' });
  assert.deepEqual([other.status, other.body.parameter], [400, 'Idempotence-Key']);
  assert.deepEqual(await ledger(), ['debit 19900', 'debit 19900']);
  await control('/clock', { advance_ms: 24 * 3_600_000 });
  assert.notEqual((await pay('pay_1', saved(method))).body.id, first.id);
});

test('500 means unknown: the same key says what came of it, or does it now', async (context) => {
  const { control, ledger, pay, saved: save } = await start(context);
  const method = await save();
  await control('/faults', { name: 'error-after', operation: 'create', times: 1 });
  assert.equal((await pay('pay_1', saved(method))).body.code, 'internal_server_error');
  assert.equal((await ledger()).length, 2);
  assert.equal((await pay('pay_1', saved(method))).body.status, 'succeeded');
  assert.equal((await ledger()).length, 2);
  await control('/faults', { name: 'error-before', operation: 'create', times: 1 });
  assert.equal((await pay('pay_2', saved(method))).status, 500);
  assert.equal((await ledger()).length, 2);
  assert.equal((await pay('pay_2', saved(method))).body.status, 'succeeded');
  assert.equal((await ledger()).length, 3);
});

test('a key that is under way is told to come again', async (context) => {
  const { control, ledger, pay, saved: save } = await start(context);
  const method = await save();
  await control('/faults', { name: 'late', times: 1, delay_ms: 1_500 });
  const both = await Promise.all([pay('pay_1', saved(method)), pay('pay_1', saved(method))]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 202]);
  assert.equal((await ledger()).length, 2);
});

test('a dropped answer, and one that comes after the notification', async (context) => {
  const { heard, until, url: webhookUrl } = await listen(context);
  const { control, pay, saved: save } = await start(context, { webhookUrl });
  const method = await save();
  await until(() => heard.length === 1);
  await control('/faults', { name: 'drop-after', times: 1 });
  await assert.rejects(pay('pay_1', saved(method)));
  const { body } = await pay('pay_1', saved(method));
  await until(() => heard.length === 2);
  assert.equal(heard[1]?.object.id, body.id);
  await control('/faults', { name: 'notice-first', times: 1 });
  const { body: second } = await pay('pay_2', saved(method));
  assert.equal(heard[2]?.object.id, second.id);
});

test('notifications are unsigned, come from this machine, and tell each state', async (context) => {
  const { heard, until, url: webhookUrl } = await listen(context);
  const { call, pay, send } = await start(context, { webhookUrl });
  const { body } = await pay('pay_1', { capture: false });
  await checkout(body, { answer: 'approve' });
  await until(() => heard.length === 1);
  await send(`/payments/${body.id}/capture`, {}, 'take');
  await until(() => heard.length === 2);
  const amount = { value: '1.00', currency: 'RUB' };
  await send('/refunds', { payment_id: body.id, amount }, 'refund');
  await until(() => heard.length === 3);
  const { body: other } = await pay('pay_2');
  await checkout(other, { answer: 'decline', reason: 'call_issuer' });
  await until(() => heard.length === 4);
  assert.deepEqual(
    heard.map(({ event, ip, type }) => [type, event, ip]),
    [
      ['notification', 'payment.waiting_for_capture', '127.0.0.1'],
      ['notification', 'payment.succeeded', '127.0.0.1'],
      ['notification', 'refund.succeeded', '127.0.0.1'],
      ['notification', 'payment.canceled', '127.0.0.1'],
    ],
  );
  assert.deepEqual((await call(`/payments/${other.id}`)).body, heard[3]?.object);
});

test('a notification that is refused comes again, also after a restart', async (context) => {
  const folder = temporaryFolder();
  const { refused, until, url } = await listen(context, 1);
  const settings = { noticeRetriesMs: [1_000, 1_000, 1_000] };
  const { close, saved: save } = await start(context, { folder, webhookUrl: url, settings });
  await save();
  await until(() => refused() === 1);
  await close();
  const { heard, until: untilHeard, url: webhookUrl } = await listen(context);
  const again = await startYooKassaSimulator({ port: 0, folder, webhookUrl, settings });
  context.after(() => again.close());
  await untilHeard(() => heard.length === 1);
  assert.equal(heard[0]?.event, 'payment.succeeded');
});

test('it is looked at by people, and counts', async (context) => {
  const { saved: save, url } = await start(context);
  await save('<b>pay_1</b>');
  const html = await (await fetch(`${url}/`)).text();
  assert.match(html, /&lt;b&gt;pay_1&lt;\/b&gt;/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /yookassa_calls_total\{operation="create",result="200"\} 1/);
  const summary = await (await fetch(`${url}/ledger?summary=1`)).json();
  assert.deepEqual(summary, {
    ...{ total: 1, sums: { RUB: { debited_minor: 19_900, credited_minor: 0 } } },
    ...{ references: 1, duplicates: 0, duplicate_references: [] },
  });
});
