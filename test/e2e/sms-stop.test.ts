import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { accountGroup } from '#sms';
import { eventually } from '#testing';
import { openStage } from './stage.ts';

const SECRET = 'a-secret-of-callbacks';
const stage = await openStage({
  ...{ at: '2026-11-20T07:00:00Z' },
  processes: [
    'dispatcher',
    'mt-manager',
    'telco',
    'qlistener',
    'sms-rules',
    'sms-api',
    'sms-sender',
  ],
});
const PATIENCE = { timeoutMs: 60_000 };

/** A provider that brings what customers write, as the generic kind signs it. */
async function openProvider(name: string): Promise<(said: object) => Promise<number>> {
  const { bus, smsAccounts } = stage.house;
  await bus.declare([accountGroup(name)]);
  const made = await stage.post(
    `/v1/sms/providers/${name}`,
    {
      ...{ kind: 'generic_http', title: 'A relay', requests_per_second: 10 },
      settings: {
        base_url: 'http://127.0.0.1:1',
        send: {
          path: '/',
          body: { to: '{{recipient}}' },
          accepted: { status: 202 },
          id_path: 'id',
        },
        callback: {
          signature: { header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' },
          ...{ id_path: 'id', state_path: 'status' },
          incoming: {
            ...{ when_path: 'type', when_value: 'message', id_path: 'id' },
            ...{ from_path: 'from', to_path: 'to', text_path: 'text' },
          },
          reply: { status: 200, body: 'ok' },
        },
      },
      secrets: { callback_secret: SECRET },
    },
    { headers: { 'idempotency-key': name } },
  );
  assert.equal(made.status, 200, JSON.stringify(made.body));
  await smsAccounts.refresh();
  return async (said) => {
    const body = JSON.stringify(said);
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const answer = await fetch(`${stage.site}/v1/sms/providers/${name}/callback`, {
      ...{ method: 'POST', body, headers: { 'x-signature': signature } },
    });
    return answer.status;
  };
}

test('STOP that reaches us through another provider ends the subscription with the operator, and is on the stop list', async () => {
  const bring = await openProvider('relay');
  const phone = stage.phone('923005000009');
  await phone.subscribeByQuery();
  await stage.quiet();
  const before = await stage.subscriptionsOf(phone.msisdn);
  assert.equal(before[0]?.status, 'active');
  await stage.moveTo(new Date(stage.house.clock.nowMs() + 60_000));
  const said = { type: 'message', id: 'mo-1', from: '923005000009', to: '7787', text: 'Stop' };
  assert.deepEqual([await bring(said), await bring(said)], [200, 200]);
  await eventually(async () => {
    const [subscription] = await stage.subscriptionsOf(phone.msisdn);
    assert.deepEqual(
      [subscription?.status, subscription?.end_reason],
      ['cancelled', 'stop_by_sms'],
    );
  }, PATIENCE);
  const { body } = await stage.get(
    `/v1/rules/suppressions?msisdn=${encodeURIComponent(phone.msisdn)}`,
  );
  assert.deepEqual(
    (body.items as readonly { list: string }[]).map(({ list }) => list),
    ['stop'],
  );
});
