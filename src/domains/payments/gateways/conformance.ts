import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChargeOrder, ChargeOutcome, Gateway, RefundOrder } from '#payments/gateway';

/** What can befall a charge, in words that every kind of gateway knows. */
export type Fate =
  | 'accepted'
  | 'no_money'
  | 'postpaid'
  | 'unknown_subscriber'
  | 'blocked'
  | 'limit_exceeded'
  | 'not_active'
  | 'error_before'
  /** Carried out, then an error is answered. */
  | 'error_after'
  /** Never carried out, never answered. */
  | 'lost_request'
  /** Carried out, never answered. */
  | 'lost_answer'
  /** Carried out, then the connection is dropped. */
  | 'hang_up_after'
  /** Turned away at the door: too busy. */
  | 'busy';

export interface GatewayUnderTest {
  readonly name: string;
  readonly gateway: Gateway;
  /** A charge of a payer of its own, who has money, and whom this fate awaits. */
  order(fate: Fate): Promise<ChargeOrder>;
  /** Its misfortune is over: the next word with the gateway goes through. */
  recover(order: ChargeOrder): Promise<void>;
  /** What the outside's own book says was taken for it, in minor units, one number a debit. */
  debits(order: ChargeOrder): Promise<readonly number[]>;
  /** A refund of a charge of a payer of its own, whom this fate awaits. */
  refundOrder(fate: Fate): Promise<RefundOrder>;
  /** What the outside's own book says was given back for it, in minor units, one number a credit. */
  credits(order: RefundOrder): Promise<readonly number[]>;
  /** Whether it gives back, from now on. */
  setRefunds(refunds: boolean): Promise<void>;
  /** How the outside can be asked about a lost answer, from now on. */
  setInquiry(mode: 'byOurId' | 'repeatIsSafe' | 'none'): Promise<void>;
  /** Nobody listens at the other end while `work` runs. */
  unreachable(work: () => Promise<void>): Promise<void>;
  /** Calls that have gone out, for the rate. */
  sent(): number;
}

const declines: readonly (readonly [Fate, string])[] = [
  ['no_money', 'insufficient_funds'],
  ['postpaid', 'postpaid_not_allowed'],
  ['unknown_subscriber', 'unknown_subscriber'],
  ['blocked', 'barred_or_suspended'],
  ['limit_exceeded', 'limit_exceeded'],
  ['not_active', 'not_eligible'],
  ['error_before', 'operator_error'],
];

/** Who may have carried the charge out, and whether it has. */
const lost: readonly (readonly [Fate, boolean])[] = [
  ['lost_request', false],
  ['lost_answer', true],
  ['error_after', true],
  ['hang_up_after', true],
];

/** What payments rely on, whoever moves the money: every gateway runs this suite unchanged. */
export function describeGateway(tested: GatewayUnderTest): void {
  describe(`the gateway ${tested.name}`, () => {
    describeOutcomes(tested);
    describeLostAnswers(tested);
    describeInquiries(tested);
    describeRecords(tested);
    describeRefunds(tested);
  });
}

function charge({ gateway }: GatewayUnderTest, order: ChargeOrder) {
  return gateway.charge(order, performance.now());
}

async function outcomeOf(tested: GatewayUnderTest, order: ChargeOrder): Promise<ChargeOutcome> {
  return (await charge(tested, order)).result;
}

function describeOutcomes(tested: GatewayUnderTest): void {
  test('an accepted charge takes its amount once', async () => {
    const order = await tested.order('accepted');
    assert.equal((await outcomeOf(tested, order)).outcome, 'accepted');
    assert.deepEqual(await tested.debits(order), [Number(order.amountMinor)]);
  });

  for (const [fate, reason] of declines) {
    test(`${fate} is declined as ${reason}, and nothing is taken`, async () => {
      const order = await tested.order(fate);
      assert.deepEqual(await outcomeOf(tested, order), { outcome: 'declined', reason });
      assert.deepEqual(await tested.debits(order), []);
    });
  }

  test('a charge that was turned away was not sent, and goes through with the same id later', async () => {
    const order = await tested.order('busy');
    assert.equal((await outcomeOf(tested, order)).outcome, 'not_sent');
    assert.deepEqual(await tested.debits(order), []);
    await tested.recover(order);
    assert.equal((await outcomeOf(tested, { ...order, attempt: 2 })).outcome, 'accepted');
    assert.deepEqual(await tested.debits(order), [Number(order.amountMinor)]);
  });

  test('where nobody listens nothing was sent', async () => {
    const order = await tested.order('accepted');
    await tested.unreachable(async () => {
      assert.equal((await outcomeOf(tested, order)).outcome, 'not_sent');
    });
    assert.deepEqual(await tested.debits(order), []);
  });
}

function describeLostAnswers(tested: GatewayUnderTest): void {
  for (const [fate, taken] of lost) {
    test(`${fate} is unknown, never declined: it has ${taken ? '' : 'not '}been carried out`, async () => {
      const order = await tested.order(fate);
      assert.equal((await outcomeOf(tested, order)).outcome, 'unknown');
      assert.equal((await tested.debits(order)).length, taken ? 1 : 0);
    });
  }
}

function describeInquiries(tested: GatewayUnderTest): void {
  const { gateway } = tested;

  for (const mode of ['byOurId', 'repeatIsSafe'] as const) {
    for (const [fate, taken] of lost) {
      test(`${fate} is cleared up by ${mode}, and the payer has paid at most once`, async () => {
        await tested.setInquiry(mode);
        assert.equal(gateway.inquiry(), mode);
        const order = await tested.order(fate);
        await charge(tested, order);
        await tested.recover(order);
        const { result } = await gateway.inquire(order);
        // Where asking is repeating, what never arrived is carried out by the question.
        const expected = taken || mode === 'repeatIsSafe' ? 'accepted' : 'not_found';
        assert.equal(result.outcome, expected);
        const again = await gateway.inquire(order);
        assert.equal(again.result.outcome, expected, 'asking twice gives the same answer');
        const paid = expected === 'accepted' ? [Number(order.amountMinor)] : [];
        assert.deepEqual(await tested.debits(order), paid);
      });
    }

    test(`a charge that was declined is told as declined by ${mode}`, async () => {
      await tested.setInquiry(mode);
      const order = await tested.order('no_money');
      await charge(tested, order);
      assert.deepEqual((await gateway.inquire(order)).result, {
        ...{ outcome: 'declined', reason: 'insufficient_funds' },
      });
    });

    test(`an inquiry by ${mode} that is not answered settles nothing`, async () => {
      await tested.setInquiry(mode);
      const order = await tested.order('error_after');
      await charge(tested, order);
      await tested.unreachable(async () => {
        const { outcome } = (await gateway.inquire(order)).result;
        assert.ok(outcome === 'unknown' || outcome === 'not_sent', outcome);
      });
    });
  }

  test('a gateway that can not be asked says so', async () => {
    await tested.setInquiry('none');
    assert.equal(gateway.inquiry(), 'none');
    await tested.setInquiry('byOurId');
  });
}

function describeRecords(tested: GatewayUnderTest): void {
  const { gateway } = tested;

  test('every exchange is written down with what it was about and how it was decided', async () => {
    for (const fate of ['accepted', 'no_money', 'error_after', 'busy'] as const) {
      const order = await tested.order(fate);
      const before = tested.sent();
      const { log, result } = await charge(tested, order);
      assert.equal(log.length, tested.sent() - before, 'one entry a call');
      assert.ok(log.length > 0);
      for (const entry of log) {
        assert.equal(entry.reference, order.payment);
        assert.equal(entry.msisdn, order.msisdn);
        assert.ok(entry.took_ms >= 0 && (entry.response ?? '').length <= 2000);
      }
      if (result.outcome !== 'not_sent') assert.equal(log.at(-1)?.decision, result.outcome);
    }
  });

  test('a charge of whose lease too little is left is not sent', async () => {
    const order = await tested.order('accepted');
    const beganMs = performance.now() - gateway.latestMs() - gateway.longestMs();
    const { result } = await gateway.charge(order, beganMs);
    assert.equal(result.outcome, 'not_sent');
    assert.deepEqual(await tested.debits(order), []);
  });

  test('no charge takes longer than its lease', () => {
    assert.ok(gateway.latestMs() < gateway.longestMs());
    assert.ok(gateway.chargesPerSecond() > 0);
  });
}

/** A gateway that never can runs the last of these alone. */
function describeRefunds(tested: GatewayUnderTest): void {
  const { gateway } = tested;
  const refund = (order: RefundOrder) => gateway.refund(order, performance.now());

  test('a refund gives its amount back once, and takes nothing', async () => {
    assert.ok(gateway.refunds());
    const order = await tested.refundOrder('accepted');
    const before = tested.sent();
    const { log, result } = await refund(order);
    assert.equal(result.outcome, 'accepted');
    assert.deepEqual(await tested.credits(order), [Number(order.amountMinor)]);
    assert.deepEqual(await tested.debits(order), []);
    assert.equal(log.length, tested.sent() - before, 'one entry a call');
    assert.deepEqual([log.at(-1)?.kind, log.at(-1)?.reference], ['refund', order.payment]);
  });

  test('who is blocked by now is given back all the same', async () => {
    const order = await tested.refundOrder('blocked');
    assert.equal((await refund(order)).result.outcome, 'accepted');
    assert.deepEqual(await tested.credits(order), [Number(order.amountMinor)]);
  });

  test('a refund that is refused gives nothing back', async () => {
    for (const [fate, reason] of [
      ['unknown_subscriber', 'unknown_subscriber'],
      ['error_before', 'operator_error'],
    ] as const) {
      const order = await tested.refundOrder(fate);
      assert.deepEqual((await refund(order)).result, { outcome: 'declined', reason });
      assert.deepEqual(await tested.credits(order), []);
    }
  });

  test('a refund that was turned away, or came too late, was not sent', async () => {
    const busy = await tested.refundOrder('busy');
    assert.equal((await refund(busy)).result.outcome, 'not_sent');
    assert.deepEqual(await tested.credits(busy), []);
    await tested.recover(busy);
    assert.equal((await refund({ ...busy, attempt: 2 })).result.outcome, 'accepted');
    assert.deepEqual(await tested.credits(busy), [Number(busy.amountMinor)]);
    const late = await tested.refundOrder('accepted');
    const beganMs = performance.now() - gateway.latestMs() - gateway.longestMs();
    assert.equal((await gateway.refund(late, beganMs)).result.outcome, 'not_sent');
    assert.deepEqual(await tested.credits(late), []);
  });

  for (const mode of ['byOurId', 'repeatIsSafe'] as const) {
    for (const [fate, given] of lost) {
      test(`a refund with ${fate} is unknown, is cleared up by ${mode}, and given at most once`, async () => {
        await tested.setInquiry(mode);
        const order = await tested.refundOrder(fate);
        assert.equal((await refund(order)).result.outcome, 'unknown');
        assert.equal((await tested.credits(order)).length, given ? 1 : 0);
        await tested.recover(order);
        const expected = given || mode === 'repeatIsSafe' ? 'accepted' : 'not_found';
        assert.equal((await gateway.inquire(order)).result.outcome, expected);
        assert.equal((await gateway.inquire(order)).result.outcome, expected);
        const paid = expected === 'accepted' ? [Number(order.amountMinor)] : [];
        assert.deepEqual(await tested.credits(order), paid);
        assert.deepEqual(await tested.debits(order), []);
        await tested.setInquiry('byOurId');
      });
    }
  }

  test('a gateway that can not give back says so, and calls nobody', async () => {
    await tested.setRefunds(false);
    assert.equal(gateway.refunds(), false);
    const order = await tested.refundOrder('accepted');
    const before = tested.sent();
    const { log, result } = await refund(order);
    assert.deepEqual(result, { outcome: 'declined', reason: 'not_eligible' });
    assert.deepEqual([log.length, tested.sent() - before], [0, 0]);
    assert.deepEqual(await tested.credits(order), []);
    await tested.setRefunds(true);
  });
}
