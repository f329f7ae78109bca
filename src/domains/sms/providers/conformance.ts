import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SmsOrder, SmsProvider } from '#sms/provider';

/** What can befall a message, in words that every kind of provider knows. */
export type SmsFate =
  | 'sent'
  /** Turned away at the door: too busy. */
  | 'busy'
  | 'refused'
  /** Dropped without a word; it may have left. */
  | 'hang_up'
  | 'no_answer'
  | 'error';

export interface SmsProviderUnderTest {
  readonly name: string;
  readonly provider: SmsProvider;
  /** A message to a handset of its own, whom this fate awaits. */
  order(fate: SmsFate, changes?: Partial<SmsOrder>): Promise<SmsOrder>;
  /** Texts on the handset. */
  inbox(order: SmsOrder): Promise<readonly string[]>;
  /** Nobody listens at the other end while `work` runs. */
  unreachable(work: () => Promise<void>): Promise<void>;
}

const outcomes: readonly (readonly [SmsFate, string])[] = [
  ['sent', 'accepted'],
  ['busy', 'not_sent'],
  ['refused', 'not_sent'],
  ['hang_up', 'unknown'],
  ['no_answer', 'unknown'],
  ['error', 'unknown'],
];

const TEXTS = [
  'plain',
  '"quotes" \\ back\\slash {json} <xml> & \'apostrophes\'',
  'line\nbreak\ttab',
  'Привет, ünï 🎵 漢字',
  'x'.repeat(1000),
];

/** What the house relies on, whoever brings the messages: every provider runs this suite unchanged. */
export function describeSmsProvider(tested: SmsProviderUnderTest): void {
  const { provider } = tested;
  const send = async (order: SmsOrder) => (await provider.send(order)).result;

  describe(`the SMS provider ${tested.name}`, () => {
    for (const [fate, outcome] of outcomes) {
      test(`a message whose fate is ${fate} is ${outcome}`, async () => {
        const order = await tested.order(fate);
        assert.equal((await send(order)).outcome, outcome);
        const texts = await tested.inbox(order);
        if (outcome === 'accepted') assert.deepEqual(texts, [order.body]);
        // Of an unknown one nobody can say whether it has left.
        if (outcome === 'not_sent') assert.deepEqual(texts, []);
      });
    }

    test('where nobody listens nothing was sent', async () => {
      const order = await tested.order('sent');
      await tested.unreachable(async () => {
        assert.equal((await send(order)).outcome, 'not_sent');
      });
      assert.deepEqual(await tested.inbox(order), []);
      assert.equal((await send(order)).outcome, 'accepted');
    });

    test('every letter of a text reaches the handset', async () => {
      for (const body of TEXTS) {
        const order = await tested.order('sent', { body });
        assert.equal((await send(order)).outcome, 'accepted', body);
        assert.deepEqual(await tested.inbox(order), [body]);
      }
    });

    test('an exchange is written down once, without the text of the message', async () => {
      for (const fate of ['sent', 'refused', 'busy'] as const) {
        const order = await tested.order(fate, { body: '54321 is your PIN', secret: true });
        const { log, result } = await provider.send(order);
        assert.equal(log.length, 1);
        const [entry] = log;
        assert.deepEqual(
          [entry?.kind, entry?.reference, entry?.msisdn, entry?.decision],
          ['sms', order.sms, order.recipient, result.outcome],
        );
        assert.doesNotMatch(JSON.stringify(log), /54321/);
      }
    });

    test('no message takes longer than its lease', () => {
      assert.ok(provider.longestMs() > 0);
    });
  });
}
