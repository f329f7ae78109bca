import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Dialect, type Order, type Receipt, SmsCentre } from './centre.ts';

/** As a centre that speaks another protocol than HTTP takes part: by functions alone. */
const dialect: Dialect = {
  makeId: (number) => number.toString(16),
  told: ['delivered', 'undelivered', 'expired', 'rejected'],
};

const order: Order = { provider: 'smpp', to: '79161234567', from: '7787', text: 'hello', parts: 1 };

function open(t: TestContext): SmsCentre {
  const folder = mkdtempSync(join(tmpdir(), 'kopek-sms-centre-'));
  const settings = { smpp: { deliverMs: { min: 0, max: 0 }, repeatMs: 1 } };
  const centre = new SmsCentre({ folder, seed: 1, settings, log: () => undefined });
  t.after(() => centre.close());
  return centre;
}

function accept(centre: SmsCentre, own: Partial<Order> = {}) {
  return new Promise<ReturnType<SmsCentre['accept']>['message']>((resolve, reject) => {
    const accepted = centre.accept({ ...order, ...own }, dialect);
    centre.whenAccepted([accepted], (failure) =>
      failure ? reject(failure) : resolve(accepted.message),
    );
  });
}

async function settle(centre: SmsCentre): Promise<void> {
  centre.receipts.deliverNow();
  while (centre.receipts.waiting > 0) await new Promise((wake) => setTimeout(wake, 1));
}

test('a message is accepted, reaches its handset, and its receipt is told until it is taken', async (t) => {
  const centre = open(t);
  const told: Receipt[] = [];
  centre.receipts.tellWith('smpp', {
    most: 1,
    tell: async ([receipt]) => told.push(receipt as Receipt) > 1,
  });
  const message = await accept(centre);
  assert.equal(message.providerId, message.sequence.toString(16));
  await settle(centre);
  assert.deepEqual(
    told.map(({ state }) => state),
    ['delivered', 'delivered'],
  );
  assert.deepEqual(centre.ledger.received, [message]);
});

test('an early receipt is told before the acceptance is', async (t) => {
  const centre = open(t);
  const events: string[] = [];
  centre.receipts.tellWith('smpp', {
    most: 1,
    tell: async () => {
      events.push('told');
      return true;
    },
  });
  centre.board.add({ name: 'receipt-early', provider: 'smpp' });
  await accept(centre).then(() => events.push('accepted'));
  assert.deepEqual(events, ['told', 'accepted']);
});

test('the fate of a call, its rate and its balance are asked for by functions too', (t) => {
  const centre = open(t);
  centre.board.add({ name: 'throttled', provider: 'smpp', times: 1 });
  assert.equal(centre.fateOf('smpp', order.to).refusal, 'throttled');
  assert.deepEqual(centre.fateOf('smpp', order.to).effect, 'now');
  centre.changeSettings('smpp', { ...centre.settingsOf('smpp'), tps: 1, balanceMinor: 300 });
  assert.deepEqual([centre.admits('smpp'), centre.admits('smpp')], [true, false]);
  centre.accept(order, dialect);
  assert.deepEqual([centre.balanceOf('smpp'), centre.canPay('smpp', 1)], [50, false]);
});

test('what a handset says is brought in order, again and again', async (t) => {
  const centre = open(t);
  const heard: string[] = [];
  let refusals = 2;
  const all = new Promise<void>((resolve) => {
    centre.speakers.speakWith('smpp', async ({ text }) => {
      if (refusals-- > 0) return false;
      if (heard.push(text) === 2) resolve();
      return true;
    });
  });
  for (const text of ['STOP', 'please']) {
    centre.speakers.bring(
      centre.ledger.say({ provider: 'smpp', from: order.to, to: '7787', text, atMs: 1 }),
    );
  }
  await all;
  assert.deepEqual(heard, ['STOP', 'please']);
});

test('a validity that ends before the delivery lets the message expire, at its end', async (t) => {
  const centre = open(t);
  const settings = { ...centre.settingsOf('smpp'), deliverMs: { min: 60_000, max: 60_000 } };
  centre.changeSettings('smpp', settings);
  const message = await accept(centre, { validUntilMs: centre.nowMs() + 30_000 });
  centre.moveClock(29_000);
  assert.notEqual(message.state, 'expired');
  centre.moveClock(61_000);
  assert.deepEqual([message.state, message.receivedMs], ['expired', undefined]);
  assert.equal(message.stateMs, message.validUntilMs);
});

test('a reset in the middle of accepting leaves nothing behind', async (t) => {
  const centre = open(t);
  const accepted = Array.from({ length: 20 }, () => accept(centre));
  await centre.reset();
  await Promise.all(accepted);
  await settle(centre);
  assert.deepEqual([centre.ledger.messages, centre.ledger.received], [[], []]);
});
