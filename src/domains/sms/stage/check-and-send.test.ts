import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { furnish, openSmsService } from './http-fixture.ts';

const service = await openSmsService();
const { call, clock, rules } = service;
await furnish(service);

async function put(path: string, body: object): Promise<void> {
  const answer = await call('PUT', `/v1/rules/${path}`, { body });
  assert.equal(answer.status, 200, answer.text);
}

const windows = (from: string, to: string) => ({ work: [[from, to]], off: [[from, to]] });
// The second provider is known to the rules, and nobody has an account with it.
await put('entities/alfa/providers/second', { senders: [{ sender: 'ALFA' }], rank: 9 });
await put('entities/beta/providers/second', { senders: [{ sender: 'BETA' }] });
await put('entities/gamma', {
  name: 'Gamma',
  settings: {
    standard_time: windows('12:00', '15:00'),
    zone: 'Europe/Moscow',
    phone: '88001234567',
  },
});
await put('entities/gamma/providers/first', {
  senders: [
    { sender: 'GAMMA-ADS', classes: ['ad'] },
    { sender: 'GAMMA', classes: ['service', 'debt', 'transaction'] },
  ],
});
await put('entities/delta', { name: 'Delta', active: false });
await put('suppressions', { msisdn: '+79160000003', list: 'stop', reason: 'said so' });
await rules.refresh();

/** Mostly what may be sent, so that the rules have their say. */
const mostly = <Value>(good: fc.Arbitrary<Value>, ...odd: readonly Value[]) =>
  fc.oneof({ arbitrary: good, weight: 20 }, { arbitrary: fc.constantFrom(...odd), weight: 1 });
const nowAndThen = <Value>(...values: readonly Value[]) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, fc.constantFrom(...values));

/** What is known of a recipient may stand with it. */
const orWithFacts = (numbers: fc.Arbitrary<string>) =>
  fc.oneof(
    { arbitrary: numbers, weight: 3 },
    fc.record(
      {
        to: numbers,
        person: fc.constantFrom('cem', 'dot'),
        time_zone: fc.constantFrom('Asia/Omsk', 'Europe/Paris'),
        region: fc.constantFrom('RU-OMS', 'US-FL'),
      },
      { requiredKeys: ['to'] },
    ),
  );

const requests = fc.record({
  entity: mostly(fc.constantFrom('alfa', 'gamma'), 'beta', 'delta', 'nobody'),
  class: fc.constantFrom('auth', 'emergency', 'transaction', 'service', 'ad', 'debt'),
  recipient: orWithFacts(
    mostly(
      fc.constantFrom(
        '+79160000001',
        '8 924 000-00-01',
        '03001234567',
        '+33612345678',
        '+12025550123',
      ),
      ...['+79160000003', '+79160000003', 'nobody', '12', '', '+4930123456', '9160000001'],
    ),
  ),
  priority: nowAndThen(0, 2),
  secret: nowAndThen(true),
  callback_url: nowAndThen('https://example.org/hook'),
  text: mostly(
    fc.oneof(
      fc.constantFrom('Hello', 'Gamma 8 800 123-45-67: pay 500', 'Ваш заём просрочен. Gamma'),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 80 }).map((text) => `A ${text}`),
    ),
    ...['я'.repeat(671), 'a'.repeat(1531), 'я'.repeat(200), 'a\ud800', 'a\u0000', ' '],
  ),
  sender: nowAndThen('ALFA', 'GAMMA', 'GAMMA-ADS', 'X'),
  providers: nowAndThen(['first'], ['first'], ['second'], ['second', 'first'], ['nobody']),
  person: nowAndThen('ann', 'bob'),
  time_zone: mostly(nowAndThen('Asia/Kamchatka', 'Europe/Moscow', 'Asia/Karachi'), 'Mars/Olympus'),
  region: mostly(nowAndThen('RU-KAM', 'RU-MOW', 'US-TX'), 'Moscow'),
  tags: nowAndThen([], ['overdue'], ['a', 'b']),
  attributes: nowAndThen({ amount: 100 }, { amount: 5000, kind: 'loan' }),
  inMinutes: mostly(
    fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 5 * 1440 })),
    ...[-10, -0.5],
  ),
  validity_seconds: mostly(nowAndThen(60, 600, 3600, 86_400, 30 * 86_400), 59),
});

interface Verdict {
  readonly status: number;
  readonly outcome?: string;
  readonly code?: string;
  readonly notBefore?: string;
  readonly validUntil?: string;
}

/** Of several faults each may name another first; each names one. */
function refused({ body, status, text }: Awaited<ReturnType<typeof call>>): Verdict {
  assert.ok(status < 500 && body.errors[0]?.field, text);
  return { status };
}

async function check(request: object): Promise<Verdict> {
  const answer = await call('POST', '/v1/sms/check', { body: request });
  const { code, not_before, outcome, valid_until } = answer.body;
  if (answer.status !== 200) return refused(answer);
  return { status: 200, outcome, code, notBefore: not_before, validUntil: valid_until };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  ...{ queued: 'send', deferred: 'defer', rejected: 'reject' },
};

async function send(request: object): Promise<Verdict> {
  const answer = await call('POST', '/v1/sms', { body: request });
  if (answer.status !== 202) return refused(answer);
  const [{ sms }] = answer.body.messages;
  const { not_before, reason, state, valid_until } = (await call('GET', `/v1/sms/${sms}`)).body;
  return {
    ...{ status: 200, outcome: OUTCOMES[state] ?? state, code: reason },
    ...{ notBefore: not_before, validUntil: valid_until },
  };
}

test('what is asked about a message is what sending it does: outcome, code and moment', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 0, max: 1440 }), async (given, minutes) => {
      clock.advanceMs(minutes * 60_000);
      const { inMinutes, ...request } = given;
      const at = inMinutes === undefined ? undefined : clock.nowMs() + inMinutes * 60_000;
      const schedule_at = at === undefined ? undefined : new Date(at).toISOString();
      const whole = { ...request, ...(schedule_at && { schedule_at }) };
      const told = await check(whole);
      assert.deepEqual(told, await send(whole), JSON.stringify(whole));
      const kind = told.outcome ?? 'refused';
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { numRuns: 300 },
  );
  for (const kind of ['send', 'defer', 'reject', 'refused'])
    assert.ok((seen.get(kind) ?? 0) > 5, `${kind} was tried: ${JSON.stringify([...seen])}`);
});
