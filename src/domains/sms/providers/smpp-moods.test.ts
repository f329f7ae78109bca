import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { eventually, temporaryFolder } from '#testing';
import {
  createHandsets,
  createSessions,
  newOrder,
  PATIENCE,
  resultOf,
  untilReady,
} from './smpp-stage.ts';

const simulator = await startSmsProviderSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  settings: { smpp: { deliverMs: { min: 0, max: 0 }, repeatMs: 50 } },
});
const { leave, openAlone } = createSessions(simulator.smpp.port);
const { call, inbox } = createHandsets(simulator.url);
after(async () => {
  await leave();
  await simulator.close();
});

describe('incoming messages', () => {
  for (const deliverWindow of [1, 10]) {
    test(`come whole, or in pieces from a centre that waits for each answer: window ${deliverWindow}`, async () => {
      simulator.smpp.change({ deliverWindow });
      const { provider, said } = await openAlone({
        join_timeout_ms: deliverWindow === 1 ? 50 : 20_000,
      });
      for (const [at, text] of ['STOP', 'ж'.repeat(100) + '🎵'.repeat(20)].entries())
        await call('POST', `/handsets/7916200000${at}/say`, { provider: 'smpp', to: '7787', text });
      await eventually(() => {
        const texts = said.incoming.map(({ text }) => text);
        assert.equal(texts[0], 'STOP');
        if (deliverWindow > 1) assert.deepEqual(texts[1], 'ж'.repeat(100) + '🎵'.repeat(20));
        else assert.equal(texts.length, 4);
      }, PATIENCE);
      assert.ok(
        said.incoming.every(({ from, to }) => /^\+7916200000\d$/.test(from) && to === '7787'),
      );
      await provider.close?.();
      simulator.smpp.change({ deliverWindow: 10 });
    });
  }
});

describe('a centre with moods', () => {
  for (const action of ['unbind', 'cut', 'garbage'] as const) {
    test(`${action}: every message is answered once, and none arrives twice`, async () => {
      const { provider } = await openAlone({ window: 5 });
      const sent = Array.from({ length: 60 }, () => newOrder());
      const pending = sent.map((order) => resultOf(provider, order));
      setTimeout(() => simulator.smpp.act(action), 2);
      const outcomes = await Promise.all(pending);
      await untilReady(provider);
      // What certainly did not leave is sent again.
      for (const [at, order] of sent.entries())
        if (outcomes[at]?.outcome === 'not_sent')
          assert.equal((await resultOf(provider, order)).outcome, 'accepted');
      for (const [at, order] of sent.entries()) {
        const texts = await inbox(order);
        const unknown = outcomes[at]?.outcome === 'unknown';
        assert.ok(unknown ? texts.length <= 1 : texts.length === 1, `${outcomes[at]?.outcome}`);
      }
      await provider.close?.();
    });
  }

  test('one that is deaf to enquiries is left, and found again', async () => {
    const { provider } = await openAlone({ enquire_link_ms: 50, response_timeout_ms: 300 });
    simulator.smpp.change({ deaf: true });
    await eventually(() => assert.ok(!provider.ready?.()), PATIENCE);
    simulator.smpp.change({ deaf: false });
    await untilReady(provider);
    assert.equal((await resultOf(provider, newOrder())).outcome, 'accepted');
    await provider.close?.();
  });

  test('one whose window is smaller than ours throttles, and takes all in the end', async () => {
    simulator.smpp.change({ window: 2 });
    const { provider } = await openAlone({ window: 10, wait_timeout_ms: 20_000 });
    let waiting = Array.from({ length: 40 }, () => newOrder());
    const all = waiting;
    await eventually(async () => {
      const outcomes = await Promise.all(waiting.map((order) => resultOf(provider, order)));
      waiting = waiting.filter((_, at) => {
        const outcome = outcomes[at];
        assert.ok(
          outcome?.outcome === 'accepted' ||
            (outcome?.outcome === 'not_sent' && outcome.fault === 'throttled'),
        );
        return outcome.outcome !== 'accepted';
      });
      assert.equal(waiting.length, 0);
    }, PATIENCE);
    for (const order of all) assert.deepEqual(await inbox(order), ['hello']);
    simulator.smpp.change({ window: 1000 });
    await provider.close?.();
  });
});
