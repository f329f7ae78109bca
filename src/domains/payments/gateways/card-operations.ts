import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SavedCardOrder } from '#payments/card-gateway';
import {
  type CardGatewayUnderTest,
  LOST,
  operationOf,
  questionOf,
  refundQuestionOf,
  senderOf,
} from './card-under-test.ts';

/** What is done to a payment that was accepted or reserved. */
export function describeOperations(tested: CardGatewayUnderTest): void {
  const { refund, twoStage } = tested.gateway.capabilities;
  if (refund) {
    describeRefunds(tested);
    describeLostRefunds(tested);
  }
  if (twoStage) describeTwoStages(tested);
}

/** The gateway's id of a charge that stands. */
async function charged(tested: CardGatewayUnderTest, order: SavedCardOrder): Promise<string> {
  const { result } = await tested.gateway.chargeSaved(order);
  assert.ok(result.outcome === 'accepted' || result.outcome === 'authorized', result.outcome);
  return result.facts.transaction;
}

function describeRefunds(tested: CardGatewayUnderTest): void {
  const { gateway } = tested;

  test('a payment is given back in parts, each once, and never more than it was', async (t) => {
    if (!gateway.capabilities.partialRefund) return t.skip('it gives back whole payments only');
    const order = await tested.order();
    const transaction = await charged(tested, order);
    const parts = [
      operationOf(order, transaction, 5_000n),
      operationOf(order, transaction, 14_900n),
    ];
    for (const part of parts) {
      for (let times = 0; times < 2; times += 1) {
        const { log, result } = await gateway.refund(part);
        assert.ok(result.outcome === 'accepted', JSON.stringify(log));
        assert.deepEqual(
          [result.facts.payment, result.facts.amountMinor],
          [part.payment, part.amountMinor],
        );
        assert.deepEqual([log[0]?.kind, log[0]?.reference], ['refund', part.payment]);
      }
    }
    assert.deepEqual(await tested.credits(order.payment), [5_000, 14_900]);
    if (gateway.capabilities.inquiry === 'byOurId') {
      const over = await gateway.refund(operationOf(order, transaction, 1n));
      assert.equal(over.result.outcome, 'declined');
      assert.deepEqual(await tested.credits(order.payment), [5_000, 14_900]);
    }
  });

  test('a payment that was given back is still told as the payment that it was', async (t) => {
    if (gateway.capabilities.inquiry !== 'byOurId') return t.skip('it is asked by repeating');
    const order = await tested.order();
    const transaction = await charged(tested, order);
    await gateway.refund(operationOf(order, transaction));
    const { result } = await gateway.inquire(questionOf(order));
    assert.ok(result.outcome === 'accepted', JSON.stringify(result.outcome));
    assert.deepEqual(
      [result.facts.transaction, result.facts.amountMinor],
      [transaction, order.amountMinor],
    );
  });
}

function describeLostRefunds(tested: CardGatewayUnderTest): void {
  const { gateway } = tested;
  for (const [misfortune, given] of LOST) {
    test(`a refund with ${misfortune} is unknown, is cleared up by a question, and given once in the end`, async (t) => {
      const { inquiry, partialRefund } = gateway.capabilities;
      if (inquiry === 'none' || !partialRefund) return t.skip('nobody can be asked');
      const order = await tested.order();
      const transaction = await charged(tested, order);
      // Another of the same payment went well before: it must not be taken for this one.
      await gateway.refund(operationOf(order, transaction, 1_000n));
      const refund = operationOf(order, transaction, 3_000n);
      await tested.befall(misfortune, refund);
      assert.equal((await senderOf(tested, misfortune).refund(refund)).result.outcome, 'unknown');
      assert.equal((await tested.credits(order.payment)).length, given ? 2 : 1);
      const question = refundQuestionOf(order, refund);
      const expected = given || inquiry === 'repeatIsSafe' ? 'accepted' : 'not_found';
      const { log, result } = await gateway.inquire(question);
      assert.equal(result.outcome, expected, JSON.stringify(log));
      if (result.outcome === 'accepted') {
        assert.deepEqual(
          [result.facts.payment, result.facts.amountMinor],
          [refund.payment, refund.amountMinor],
        );
      }
      const again = expected === 'not_found' ? (await gateway.refund(refund)).result : result;
      const { afterNotFound } = gateway.capabilities;
      assert.ok(afterNotFound === 'newId' || again.outcome === 'accepted');
      // And one more after it must not hide it.
      await gateway.refund(operationOf(order, transaction, 500n));
      const isGiven = again.outcome === 'accepted';
      const last = (await gateway.inquire(question)).result.outcome;
      assert.equal(last, isGiven ? 'accepted' : 'not_found');
      const all = isGiven ? [1_000, 3_000, 500] : [1_000, 500];
      assert.deepEqual(await tested.credits(order.payment), all);
    });
  }
}

function describeTwoStages(tested: CardGatewayUnderTest): void {
  const { gateway } = tested;

  test('what is reserved is taken by a confirmation only, whole or in part', async () => {
    for (const part of [undefined, 7_700n]) {
      const order = await tested.order({ twoStage: true });
      const { result } = await gateway.chargeSaved(order);
      assert.ok(result.outcome === 'authorized', result.outcome);
      assert.deepEqual(await tested.debits(order.payment), []);
      assert.equal((await gateway.inquire(questionOf(order))).result.outcome, 'authorized');
      const operation = operationOf(order, result.facts.transaction, part);
      const confirmed = await gateway.confirm(operation);
      assert.ok(confirmed.result.outcome === 'accepted', JSON.stringify(confirmed.log));
      assert.equal(confirmed.log[0]?.kind, 'confirm');
      await gateway.confirm(operation);
      assert.deepEqual(await tested.debits(order.payment), [Number(operation.amountMinor)]);
      const after = await gateway.inquire(questionOf(order));
      assert.ok(after.result.outcome === 'accepted');
      assert.equal(after.result.facts.amountMinor, operation.amountMinor);
    }
  });

  test('what is reserved is let go, and can not be taken any more', async () => {
    const order = await tested.order({ twoStage: true });
    const transaction = await charged(tested, order);
    const voided = await gateway.void(operationOf(order, transaction));
    assert.equal(voided.result.outcome, 'accepted', JSON.stringify(voided.log));
    assert.equal((await gateway.inquire(questionOf(order))).result.outcome, 'voided');
    const late = await gateway.confirm(operationOf(order, transaction));
    assert.notEqual(late.result.outcome, 'accepted');
    assert.deepEqual(await tested.debits(order.payment), []);
  });

  test('a confirmation without an answer is cleared up by asking about the payment', async () => {
    for (const [misfortune, taken] of LOST) {
      const order = await tested.order({ twoStage: true });
      const transaction = await charged(tested, order);
      const operation = operationOf(order, transaction);
      await tested.befall(misfortune, operation);
      assert.equal(
        (await senderOf(tested, misfortune).confirm(operation)).result.outcome,
        'unknown',
        misfortune,
      );
      const { result } = await gateway.inquire({ ...questionOf(order), transaction });
      assert.equal(result.outcome, taken ? 'accepted' : 'authorized', misfortune);
    }
  });
}
