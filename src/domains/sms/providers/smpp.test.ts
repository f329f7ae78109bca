import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createFakeClock } from '#clock';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import type { SmsOrder } from '#sms/provider';
import { eventually, temporaryFolder } from '#testing';
import {
  clock,
  createHandsets,
  createSessions,
  newOrder,
  PATIENCE,
  resultOf,
  untilReady,
} from './smpp-stage.ts';

// Our client against a centre that shares no line with it.

const simulator = await startSmsProviderSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  settings: { smpp: { deliverMs: { min: 0, max: 0 }, repeatMs: 50 } },
});
const { leave, open, openAlone } = createSessions(simulator.smpp.port);
const { call, inbox, scenario } = createHandsets(simulator.url);
after(async () => {
  await leave();
  await simulator.close();
});

describe('parts of a message', () => {
  const long = 'Привет, '.repeat(30);

  for (const long_messages of ['udh8', 'udh16', 'sar', 'payload'] as const) {
    test(`every letter arrives by ${long_messages}, and each part has its id`, async () => {
      const { provider } = await openAlone({ long_messages });
      for (const body of ['short', 'x{'.repeat(200), long, '🎵'.repeat(100)]) {
        const order = newOrder({ body });
        const outcome = await resultOf(provider, order);
        assert.ok(outcome.outcome === 'accepted', JSON.stringify(outcome));
        const submits = long_messages === 'payload' ? 1 : outcome.segments;
        assert.equal(new Set(outcome.providerMessageIds).size, submits);
        assert.deepEqual(await inbox(order), [body]);
      }
    });
  }

  test('a refusal of the first part is a refusal of the message: nothing has left', async () => {
    const { provider } = await openAlone();
    const order = newOrder({ body: long });
    await scenario('bad-number', order);
    const outcome = await resultOf(provider, order);
    assert.deepEqual(outcome, {
      outcome: 'not_sent',
      fault: 'recipient',
      reason: 'smpp_rinvdstadr',
    });
    const { messages } = await call('GET', `/messages?msisdn=${order.recipient.slice(1)}`);
    assert.deepEqual(messages, []);
  });

  for (const refusal of ['throttled', 'temporary']) {
    test(`a later part that is refused as ${refusal} is sent again, and the message arrives once`, async () => {
      const { provider } = await openAlone();
      const order = newOrder({ body: long });
      await scenario('normal', order);
      await scenario(refusal, order, { times: 2 });
      assert.equal((await resultOf(provider, order)).outcome, 'accepted');
      assert.deepEqual(await inbox(order), [long]);
    });
  }

  test('a later part that stays refused leaves a message in pieces: unknown, and nobody sends it again', async () => {
    const { provider } = await openAlone();
    const order = newOrder({ body: long });
    await scenario('normal', order);
    await scenario('stop-list', order);
    const outcome = await resultOf(provider, order);
    assert.equal(outcome.outcome, 'unknown');
    assert.match(
      outcome.outcome === 'unknown' ? outcome.reason : '',
      /^part_\d_of_4: smpp_0x00000403$/,
    );
  });

  test('an answer that never comes to a later part is an unknown message', async () => {
    const { provider } = await openAlone({ response_timeout_ms: 500 });
    const order = newOrder({ body: long });
    await scenario('normal', order);
    await scenario('hang-after', order);
    assert.equal((await resultOf(provider, order)).outcome, 'unknown');
  });

  test('a message with more parts than allowed is not sent', async () => {
    const { provider } = await openAlone({ segments_max: 3 });
    const outcome = await resultOf(provider, newOrder({ body: long }));
    assert.deepEqual(outcome, { outcome: 'not_sent', fault: 'message', reason: 'text_too_long' });
  });
});

describe('what can’t be sent', () => {
  test('is told before anybody is called', async () => {
    const { provider } = await openAlone();
    const refused = async (changes: Partial<SmsOrder>) => {
      const outcome = await resultOf(provider, newOrder(changes));
      return outcome.outcome === 'not_sent'
        ? `${outcome.fault} ${outcome.reason}`
        : outcome.outcome;
    };
    assert.equal(await refused({ body: '' }), 'message text_empty');
    assert.equal(await refused({ body: 'half \ud83c' }), 'message text_malformed');
    assert.equal(await refused({ validUntil: new Date(0) }), 'message validity_too_short');
    assert.equal(await refused({ sender: 'x'.repeat(21) }), 'message malformed');
    assert.equal(await refused({ sender: 'Копейка' }), 'message malformed');
  });

  test('a centre that refuses the bind wants a person', async () => {
    simulator.smpp.change({ bindStatus: 0x0e });
    await leave();
    const { provider } = open();
    await eventually(async () => {
      assert.deepEqual(await resultOf(provider, newOrder()), {
        ...{ outcome: 'not_sent', fault: 'account', reason: 'smpp_rinvpaswd' },
      });
    }, PATIENCE);
    simulator.smpp.change({ bindStatus: 0 });
    await untilReady(provider);
    assert.equal((await resultOf(provider, newOrder())).outcome, 'accepted');
  });

  test('statuses of the centre’s own mean what the settings say', async () => {
    const { provider } = await openAlone({
      errors: { '0x401': 'account', '0x403': 'recipient', '0xb': 'unknown' },
    });
    const outcomes: string[] = [];
    for (const name of ['no-money', 'stop-list', 'bad-number', 'bad-text']) {
      const order = newOrder();
      await scenario(name, order);
      const outcome = await resultOf(provider, order);
      outcomes.push(outcome.outcome === 'not_sent' ? outcome.fault : outcome.outcome);
    }
    assert.deepEqual(outcomes, ['account', 'recipient', 'unknown', 'message']);
  });
});

describe('receipts', () => {
  const DIALECTS = [
    ...['specification', 'capitals', 'reordered', 'seconds', 'short', 'tlvs', 'tlvs-and-text'],
  ];

  for (const dialect of DIALECTS) {
    for (const ids of ['same', 'hex-then-decimal', 'decimal-then-hex']) {
      test(`in the dialect ${dialect} with ids ${ids} are about the message that was accepted`, async () => {
        simulator.smpp.change({ dialect, ids });
        const [response, receipt] = ids.split('-then-') as ['hex', 'decimal'];
        const message_ids = ids === 'same' ? {} : { response, receipt };
        const { provider, said } = await openAlone({ message_ids });
        const delivered = newOrder();
        const expired = newOrder();
        await scenario('expired', expired);
        const outcomes = [await resultOf(provider, delivered), await resultOf(provider, expired)];
        const expected = outcomes.flatMap((one, at) =>
          one.outcome === 'accepted'
            ? one.providerMessageIds.map((id) => `${id} ${['delivered', 'expired'][at]}`)
            : [],
        );
        assert.equal(expected.length, 2);
        const ours = new Set(expected.map((one) => one.split(' ')[0]));
        await eventually(() => {
          // Receipts of messages before these may still be on their way.
          const heard = said.reports
            .filter(({ providerMessageId }) => ours.has(providerMessageId))
            .map(({ providerMessageId, state }) => `${providerMessageId} ${state}`);
          assert.deepEqual(heard.toSorted(), expected.toSorted());
        }, PATIENCE);
        await provider.close?.();
        simulator.smpp.change({ dialect: 'specification', ids: 'same' });
      });
    }
  }

  test('come for every part, with its id, and one that came before the answer is handed up', async () => {
    const { provider, said } = await openAlone();
    const order = newOrder({ body: 'ж'.repeat(150) });
    await scenario('receipt-early', order, { times: 3 });
    const outcome = await resultOf(provider, order);
    assert.ok(outcome.outcome === 'accepted' && outcome.providerMessageIds.length === 3);
    // They were acknowledged before the answer was sent: all are here already.
    const ids = new Set(said.reports.map(({ providerMessageId }) => providerMessageId));
    for (const id of outcome.providerMessageIds) assert.ok(ids.has(id), id);
    await provider.close?.();
  });

  test('that could not be stored come again', async () => {
    const { provider } = await openAlone();
    const stored: string[] = [];
    let failures = 0;
    provider.listen?.(async ({ reports }) => {
      failures += 1;
      if (failures <= 2) throw new Error('the database is away');
      stored.push(...reports.map(({ providerMessageId }) => providerMessageId));
    });
    await untilReady(provider);
    const outcome = await resultOf(provider, newOrder());
    const ids = outcome.outcome === 'accepted' ? outcome.providerMessageIds : [];
    await eventually(() => assert.ok(ids.every((id) => stored.includes(id))), PATIENCE);
    assert.equal(ids.length, 1);
    await provider.close?.();
  });

  test('wait at the centre while nobody is bound', async () => {
    const { provider } = await openAlone();
    const order = newOrder();
    await scenario('receipt-late', order, { delayMs: 7 * 24 * 3_600_000 });
    const outcome = await resultOf(provider, order);
    await provider.close?.();
    await call('POST', '/control/deliver', {});
    const next = await openAlone();
    await eventually(() => {
      const heard = next.said.reports.map(({ providerMessageId }) => providerMessageId);
      assert.ok(outcome.outcome === 'accepted' && outcome.providerMessageIds.length === 1);
      for (const id of outcome.providerMessageIds) assert.ok(heard.includes(id));
    }, PATIENCE);
    await next.provider.close?.();
  });
});

test('an acceptance that comes after the response timer is told with our own id', async () => {
  const { provider, said } = await openAlone({ response_timeout_ms: 300 });
  const order = newOrder();
  await scenario('late-answer', order, { delayMs: 1500 });
  assert.deepEqual(await resultOf(provider, order), {
    outcome: 'unknown',
    reason: 'response_timeout',
  });
  await eventually(() => {
    assert.ok(said.reports.some(({ sms, state }) => sms === order.sms && state === 'accepted'));
  }, PATIENCE);
  await provider.close?.();
});

test('no validity reaches past the order’s, and the centre is told one', async () => {
  const fake = createFakeClock(new Date('2026-11-20T07:00:00Z'));
  for (const validity of ['relative', 'absolute', 'none'] as const) {
    const time = validity === 'absolute' ? clock : fake;
    const { provider } = await openAlone({ validity, response_timeout_ms: 10_000 }, time);
    const order = newOrder({ validUntil: new Date(time.nowMs() + 60_000) });
    await scenario('stuck', order);
    const beforeMs = Date.now();
    assert.equal((await resultOf(provider, order)).outcome, 'accepted');
    const { messages } = await call('GET', `/messages?msisdn=${order.recipient.slice(1)}`);
    const [message] = messages as { valid_until: string | null }[];
    if (validity === 'none') assert.equal(message?.valid_until, null);
    else {
      const leftMs = Date.parse(message?.valid_until ?? '') - beforeMs;
      assert.ok(leftMs > 20_000 && leftMs <= 60_000, `${leftMs}`);
    }
    await provider.close?.();
  }
});

describe('questions', () => {
  test('are answered by the centre’s state of every part, where it answers any', async () => {
    const { provider } = await openAlone({ query: true, cancel: true });
    const order = newOrder({ body: 'ж'.repeat(150) });
    const outcome = await resultOf(provider, order);
    assert.ok(outcome.outcome === 'accepted');
    await inbox(order);
    const { providerMessageIds } = outcome;
    const question = { ...order, providerMessageIds };
    const reports = (await provider.ask?.([question])) ?? [];
    assert.deepEqual(
      reports.map(({ providerMessageId, state }) => [providerMessageId, state]),
      providerMessageIds.map((id) => [id, 'delivered']),
    );
    const stranger = { ...question, providerMessageIds: ['0999999999'] };
    assert.deepEqual(await provider.ask?.([stranger]), [
      { providerMessageId: '0999999999', sms: order.sms, state: 'not_found' },
    ]);
    assert.equal(await provider.cancel?.(question), 'too_late');
    await provider.close?.();
  });

  test('a message that has not left is taken back', async () => {
    await call('PUT', '/control/settings/smpp', { deliverMs: 3_600_000 });
    const { provider } = await openAlone({ cancel: true });
    const order = newOrder();
    const outcome = await resultOf(provider, order);
    assert.ok(outcome.outcome === 'accepted');
    const { providerMessageIds } = outcome;
    const question = { ...order, providerMessageIds };
    assert.equal(await provider.cancel?.(question), 'cancelled');
    await call('PUT', '/control/settings/smpp', { deliverMs: 0 });
    assert.deepEqual(await inbox(order), []);
    await provider.close?.();
  });

  test('are not asked where the settings say that it answers none', async () => {
    const { provider } = await openAlone();
    const { cancel, status } = provider.capabilities;
    assert.deepEqual([status, cancel], [false, false]);
    assert.deepEqual([provider.ask, provider.cancel], [undefined, undefined]);
  });
});
