import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SmsOrder, SmsProvider } from '#sms/provider';
import { type CallbacksUnderTest, describeCallbacks } from './describe-callbacks.ts';
import { describeInquiries, type InquiriesUnderTest } from './describe-inquiries.ts';
import { type Expected, FATES, type SmsFate } from './fates.ts';

export interface SmsProviderUnderTest {
  readonly name: string;
  readonly provider: SmsProvider;
  /** The same with a short time limit, for messages that nobody answers; the others must bear a slow machine. */
  readonly impatient?: SmsProvider;
  /** The fates that this one can have; those whose outcome its contract tells otherwise than `FATES` have it here. */
  readonly fates: Readonly<Partial<Record<SmsFate, Expected | 'as usual'>>>;
  /** A message to a handset of its own, whom this fate awaits. */
  order(fate: SmsFate, changes?: Partial<SmsOrder>): Promise<SmsOrder>;
  /** Texts on the handset, once nothing is on its way any more. */
  inbox(order: SmsOrder): Promise<readonly string[]>;
  /** Nobody listens at the other end of this provider while `work` runs. */
  unreachable(work: (provider: SmsProvider) => Promise<void>): Promise<void>;
  /** None of these may stand in a log. */
  readonly secrets?: readonly string[];
  /** Until when the provider was told to try. */
  toldValidUntil?(order: SmsOrder): Promise<Date | undefined>;
  /** What a throttled message is told to wait. */
  readonly retryAfterMs?: number;
  readonly inquiries?: InquiriesUnderTest;
  readonly callbacks?: CallbacksUnderTest;
}

const CYRILLIC_PART = 67;

function textsFor({ capabilities }: SmsProvider): readonly string[] {
  const parts = Math.min(10, capabilities.segmentsMax);
  return [
    'plain',
    '"quotes" \\ back\\slash {json} {{place}} <xml> & \'apostrophes\' 100% +1 a=b;c',
    'line\nbreak\ttab',
    'Привет, ünï 🎵 👨‍👩‍👧 漢字',
    'x'.repeat(600),
    'я'.repeat(parts * CYRILLIC_PART),
  ];
}

/** What the house relies on, whoever brings the messages: every provider runs this suite unchanged. */
export function describeSmsProvider(tested: SmsProviderUnderTest): void {
  describe(`the SMS provider ${tested.name}`, () => {
    describeFates(tested);
    describeTexts(tested);
    describeSilence(tested);
    describeValidity(tested);
    describeCapabilities(tested);
    if (tested.inquiries) describeInquiries(tested, tested.inquiries);
    if (tested.callbacks) describeCallbacks(tested, tested.callbacks);
  });
}

function senderOf({ impatient, provider }: SmsProviderUnderTest, fate: SmsFate): SmsProvider {
  return fate.startsWith('hang') && impatient ? impatient : provider;
}

function describeFates(tested: SmsProviderUnderTest): void {
  const { provider } = tested;
  for (const [name, told] of Object.entries(tested.fates)) {
    const fate = name as SmsFate;
    const { leaves } = FATES[fate];
    const expected = told === 'as usual' ? FATES[fate].expected : told;
    test(`a message whose fate is ${fate} is ${expected}`, async () => {
      const order = await tested.order(fate);
      const { result } = await senderOf(tested, fate).send(order);
      if (typeof expected === 'string')
        assert.equal(result.outcome, expected, JSON.stringify(result));
      else {
        assert.ok(result.outcome === 'not_sent', JSON.stringify(result));
        assert.ok(expected.includes(result.fault), JSON.stringify(result));
      }
      assert.deepEqual(await tested.inbox(order), leaves ? [order.body] : []);
    });
  }

  test('where nobody listens nothing was sent', async () => {
    const order = await tested.order('sent');
    await tested.unreachable(async (deaf) => {
      const { result } = await deaf.send(order);
      assert.ok(result.outcome === 'not_sent');
      assert.equal(result.fault, 'unreachable');
    });
    assert.deepEqual(await tested.inbox(order), []);
    assert.equal((await provider.send(order)).result.outcome, 'accepted');
  });

  const { retryAfterMs } = tested;
  if (retryAfterMs !== undefined) {
    test('who is throttled hears how long to wait', async () => {
      const { result } = await provider.send(await tested.order('throttled'));
      assert.equal(result.outcome === 'not_sent' && result.retryAfterMs, retryAfterMs);
    });
  }
}

function describeTexts({ inbox, order: newOrder, provider }: SmsProviderUnderTest): void {
  test('every letter of a text reaches the handset', async () => {
    for (const body of textsFor(provider)) {
      const order = await newOrder('sent', { body });
      const { result } = await provider.send(order);
      assert.equal(result.outcome, 'accepted', `${body}: ${JSON.stringify(result)}`);
      assert.deepEqual(await inbox(order), [body]);
    }
  });

  test('ids are texts, one at least where the provider gives any', async () => {
    const { result } = await provider.send(await newOrder('sent'));
    assert.ok(result.outcome === 'accepted');
    for (const id of result.providerMessageIds) assert.match(id, /^\S+$/);
  });
}

function describeSilence(tested: SmsProviderUnderTest): void {
  const { provider, secrets = [] } = tested;
  test('an exchange is written down once, without the text of the message and without a secret', async () => {
    for (const fate of Object.keys(tested.fates) as SmsFate[]) {
      const body = 'Код 54321, "never" tell it: привет';
      const order = await tested.order(fate, { body, secret: true });
      const { log, result } = await senderOf(tested, fate).send(order);
      assert.equal(log.length, 1, fate);
      const [entry] = log;
      assert.deepEqual(
        [entry?.kind, entry?.operator, entry?.reference, entry?.msisdn, entry?.decision],
        ['sms', provider.name, order.sms, order.recipient, result.outcome],
      );
      const written = JSON.stringify([log, result]);
      assert.doesNotMatch(written, /54321|привет|\\u043/i, fate);
      for (const secret of secrets) assert.ok(!written.includes(secret), fate);
    }
  });

  test('no message takes longer than its lease', () => {
    assert.ok(provider.longestMs() > 0);
  });
}

const UNIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const;

function describeValidity(tested: SmsProviderUnderTest): void {
  const { provider, toldValidUntil } = tested;
  const { validity } = provider.capabilities;
  if (validity === 'none') {
    test('until when to try can not be told', () => assert.equal(toldValidUntil, undefined));
    return;
  }
  const unitMs = UNIT_MS[validity];
  test('the provider is told until when to try, never longer and hardly shorter', async () => {
    assert.ok(toldValidUntil);
    for (const units of [2, 37, 90]) {
      const order = await tested.order('sent', {
        validUntil: new Date(Date.now() + units * unitMs + provider.longestMs()),
      });
      assert.equal((await provider.send(order)).result.outcome, 'accepted');
      const told = await toldValidUntil(order);
      assert.ok(told && told <= order.validUntil, `${told} > ${order.validUntil}`);
      const shortMs = order.validUntil.getTime() - told.getTime();
      assert.ok(shortMs <= unitMs + provider.longestMs(), `${shortMs} ms too short`);
    }
  });

  test('with less than a unit left it is not for this provider', async () => {
    const order = await tested.order('sent', { validUntil: new Date(Date.now() + unitMs / 2) });
    const { result } = await provider.send(order);
    assert.equal(result.outcome === 'not_sent' && result.fault, 'message');
    assert.deepEqual(await tested.inbox(order), []);
  });
}

function describeCapabilities({ callbacks, inquiries, provider }: SmsProviderUnderTest): void {
  test('what it declares is there, and what it lacks is absent', () => {
    const { balance, cancel, inquiry, receipts, segmentsMax, status } = provider.capabilities;
    assert.equal(typeof provider.ask, status ? 'function' : 'undefined');
    assert.equal(typeof provider.cancel, cancel ? 'function' : 'undefined');
    assert.equal(typeof provider.balance, balance ? 'function' : 'undefined');
    // Pushed to an address of ours, or over the session.
    const pushed = provider.readCallback ?? provider.listen;
    if (receipts === 'push') assert.equal(typeof pushed, 'function');
    if (receipts === 'poll' || inquiry === 'byOurId') assert.ok(status);
    assert.equal(inquiries !== undefined, status);
    assert.equal(callbacks !== undefined, provider.readCallback !== undefined);
    assert.ok(segmentsMax >= 1);
  });
}
