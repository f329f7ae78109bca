import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { subscriptionGroups, userActions } from '#subscriptions';
import { eventually } from '#testing';
import { buildHouse, tokenIn } from './fixture.ts';

const house = await buildHouse({ queryMsisdn: true });
await house.bus.declare(subscriptionGroups('mobilink'));
const worker = house.subscriptions.worker('mobilink');
worker.start();
after(() => worker.stop());

async function subscribe(msisdn: string): Promise<string> {
  const token = tokenIn(await house.get(`/lp/demo?msisdn=${msisdn}`));
  await house.post('/lp/demo/confirm', { token });
  return eventually(async () => {
    const [newest] = await house.subscriptions.of(`+${msisdn}`, { before: null, limit: 1 });
    assert.equal(newest?.status, 'pending');
    return newest.subscription;
  });
}

test('a GET shows what would end, a POST ends it, and another POST finds it ended', async () => {
  const subscription = await subscribe('923009102251');
  const url = `/stop/${house.subscriptions.unsubscribeToken(subscription)}`;
  const page = await house.get(url);
  assert.equal(page.status, 200);
  assert.match(
    page.body,
    /Stop Music of the day\?[\s\S]*PKR.5\.00 a day[\s\S]*<button class="stop">/,
  );
  assert.equal((await house.subscriptions.find(subscription))?.alive, true);
  const stopped = await house.post(url, {});
  assert.equal(stopped.status, 200);
  assert.match(stopped.body, /<h1>Stopped/);
  assert.equal((await house.subscriptions.find(subscription))?.status, 'cancelled');
  const again = await house.post(url, {});
  assert.equal(again.status, 200);
  assert.match(again.body, /<h1>Already ended/);
  assert.match((await house.get(url)).body, /has already ended/);
  const actions = (await house.published(userActions)).filter((one) => one.action === 'unreg');
  assert.deepEqual(actions, [
    { hit: subscription, action: 'unreg', msisdn: '+923009102251', at: '2026-03-01T10:00:00.000Z' },
  ]);
});

test('a POST without any body, as one-click senders make it, is enough', async () => {
  const subscription = await subscribe('923009102252');
  const url = `/stop/${house.subscriptions.unsubscribeToken(subscription)}`;
  assert.equal((await house.server.app.inject({ method: 'POST', url })).statusCode, 200);
  assert.equal((await house.subscriptions.find(subscription))?.alive, false);
});

test('a tampered link stops nothing', async () => {
  const subscription = await subscribe('923009102253');
  const token = house.subscriptions.unsubscribeToken(subscription);
  const before = await house.stored();
  for (const bad of [`${token}x`, `x${token}`, 'x', '%00', 'x'.repeat(900)]) {
    for (const page of [await house.get(`/stop/${bad}`), await house.post(`/stop/${bad}`, {})]) {
      assert.equal(page.status, 400, bad);
      assert.match(page.body, /<h1>/);
    }
  }
  assert.deepEqual(await house.stored(), before);
});
