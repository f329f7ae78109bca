import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CardOutcome, SavedCardOrder } from '#payments/card-gateway';
import { describeCryptograms } from './card-cryptograms.ts';
import { describeLists } from './card-lists.ts';
import { describeNotifications } from './card-notifications.ts';
import { describeOperations } from './card-operations.ts';
import { describePages } from './card-pages.ts';
import { describeReceipts } from './card-receipts.ts';
import {
  type CardGatewayUnderTest,
  LOST,
  newOrder,
  newPayment,
  operationOf,
  presentOrder,
  questionOf,
  senderOf,
} from './card-under-test.ts';

/** What payments rely on, whoever moves the money: every card gateway runs this suite unchanged. */
export function describeCardGateway(tested: CardGatewayUnderTest): void {
  describe(`the card gateway ${tested.name}`, () => {
    describeCharges(tested);
    describeLostAnswers(tested);
    describeCapabilities(tested);
    describeSilence(tested);
    describeOperations(tested);
    describeLists(tested);
    describeReceipts(tested);
    if (tested.cryptograms) describeCryptograms(tested, tested.cryptograms);
    if (tested.browser) describePages(tested, tested.browser);
    if (tested.notifications) describeNotifications(tested, tested.notifications);
  });
}

async function charge(
  { gateway }: Pick<CardGatewayUnderTest, 'gateway'>,
  order: SavedCardOrder,
): Promise<CardOutcome> {
  return (await gateway.chargeSaved(order)).result;
}

function describeCharges(tested: CardGatewayUnderTest): void {
  test('an accepted charge takes its amount once, and tells whose it is', async () => {
    const order = await tested.order();
    const outcome = await charge(tested, order);
    assert.ok(outcome.outcome === 'accepted', JSON.stringify(outcome.outcome));
    const { account, amountMinor, currency, payment } = outcome.facts;
    assert.deepEqual(
      { account, amountMinor, currency, payment },
      {
        ...{ account: order.account, amountMinor: order.amountMinor },
        ...{ currency: order.currency, payment: order.payment },
      },
    );
    assert.deepEqual(await tested.debits(order.payment), [Number(order.amountMinor)]);
  });

  for (const decline of tested.declines) {
    test(`${decline.name} is declined as ${decline.reason}, of the class ${decline.class}`, async () => {
      const order = await decline.order();
      const outcome = await charge(tested, order);
      assert.ok(outcome.outcome === 'declined', JSON.stringify(outcome.outcome));
      assert.deepEqual([outcome.reason, outcome.class], [decline.reason, decline.class]);
      assert.deepEqual(await tested.debits(order.payment), []);
    });
  }

  test('the same order at the same time, and once more, takes the money once', async (t) => {
    if (tested.gateway.capabilities.idempotencyMs === 0) return t.skip('it knows no repetition');
    const order = await tested.order();
    await Promise.all([charge(tested, order), charge(tested, order)]);
    const again = await charge(tested, order);
    assert.equal(again.outcome, 'accepted');
    assert.equal((await tested.debits(order.payment)).length, 1);
  });

  test('a charge that was turned away was not sent, and goes through with the same id later', async () => {
    const order = await tested.order();
    await tested.befall('busy', order);
    assert.equal((await charge(tested, order)).outcome, 'not_sent');
    assert.deepEqual(await tested.debits(order.payment), []);
    await tested.recover?.();
    assert.equal((await charge(tested, order)).outcome, 'accepted');
    assert.equal((await tested.debits(order.payment)).length, 1);
  });

  test('where nobody listens nothing was sent', async () => {
    const order = await tested.order();
    await tested.unreachable(async (deaf) => {
      assert.equal((await charge({ gateway: deaf }, order)).outcome, 'not_sent');
      const { outcome } = (await deaf.inquire(questionOf(order))).result;
      assert.ok(outcome === 'not_sent' || outcome === 'unknown' || outcome === 'declined');
    });
    assert.deepEqual(await tested.debits(order.payment), []);
  });
}

function describeLostAnswers(tested: CardGatewayUnderTest): void {
  const { gateway, impatient } = tested;
  for (const [misfortune, taken] of LOST) {
    const sender = senderOf(tested, misfortune);
    test(`${misfortune} leaves it unknown: it has ${taken ? '' : 'not '}been carried out`, async () => {
      const order = await tested.order();
      await tested.befall(misfortune, order);
      assert.equal((await charge({ gateway: sender }, order)).outcome, 'unknown');
      assert.equal((await tested.debits(order.payment)).length, taken ? 1 : 0);
    });

    test(`${misfortune} is cleared up by a question, and the payer has paid once in the end`, async (t) => {
      const { inquiry } = gateway.capabilities;
      if (inquiry === 'none') return t.skip('nobody can be asked');
      const order = await tested.order();
      await tested.befall(misfortune, order);
      await charge({ gateway: sender }, order);
      // Where asking is repeating, what never arrived is carried out by the question.
      const expected = taken || inquiry === 'repeatIsSafe' ? 'accepted' : 'not_found';
      for (let times = 0; times < 2; times += 1) {
        const { result } = await gateway.inquire(questionOf(order));
        assert.equal(result.outcome, expected, JSON.stringify(result.outcome));
        if (result.outcome !== 'accepted') continue;
        assert.equal(result.facts.payment, order.payment);
        assert.equal(result.facts.amountMinor, order.amountMinor);
      }
      assert.equal((await tested.debits(order.payment)).length, expected === 'accepted' ? 1 : 0);
      if (expected === 'accepted') return;
      // What it does not know is sent again. A repetition alone never takes it twice.
      const again = await charge(tested, order);
      const paidByRepetition = (await tested.debits(order.payment)).length;
      assert.equal(paidByRepetition, again.outcome === 'accepted' ? 1 : 0);
      if (gateway.capabilities.afterNotFound === 'sameId') assert.equal(paidByRepetition, 1);
      if (paidByRepetition === 1) return;
      const anew = { ...order, payment: newPayment() };
      assert.equal((await charge(tested, anew)).outcome, 'accepted');
      assert.deepEqual(await tested.debits(anew.payment), [Number(order.amountMinor)]);
    });
  }

  test('a question that is not answered settles nothing', async (t) => {
    if (gateway.capabilities.inquiry === 'none') return t.skip('nobody can be asked');
    const order = await tested.order();
    await charge(tested, order);
    await tested.befall('lost_request', order, 'question');
    assert.equal((await impatient.inquire(questionOf(order))).result.outcome, 'unknown');
  });

  test('a charge that was declined is told as declined, also when it is asked about', async (t) => {
    const [decline] = tested.declines;
    if (!decline || gateway.capabilities.inquiry === 'none') return t.skip('nobody can be asked');
    const order = await decline.order();
    const first = await charge(tested, order);
    const { result } = await gateway.inquire(questionOf(order));
    // Some keep no object of a charge that they refused at once.
    if (result.outcome === 'not_found') return assert.equal(first.outcome, 'declined');
    assert.ok(result.outcome === 'declined', JSON.stringify(result.outcome));
    assert.deepEqual([result.reason, result.class], [decline.reason, decline.class]);
  });
}

function describeCapabilities(tested: CardGatewayUnderTest): void {
  const { gateway } = tested;
  const { capabilities } = gateway;
  const order = newOrder('none');
  const present = presentOrder();
  const operation = operationOf(order, '1');
  const calls = [
    [capabilities.present !== 'none', () => gateway.present(present)],
    [capabilities.cryptogram, () => gateway.chargeCryptogram({ ...present, cryptogram: 'x' })],
    [capabilities.twoStage, () => gateway.chargeSaved({ ...order, twoStage: true })],
    [capabilities.twoStage, () => gateway.confirm(operation)],
    [capabilities.twoStage, () => gateway.void(operation)],
    [capabilities.refund, () => gateway.refund(operation)],
    [capabilities.inquiry !== 'none', () => gateway.inquire(questionOf(order))],
  ] as const;

  test('what it lacks it declines without a call', async () => {
    for (const [able, call] of calls) {
      if (able) continue;
      const { log, result } = await call();
      assert.ok(result.outcome === 'declined');
      assert.deepEqual([result.reason, result.class, log], ['invalid_request', 'request', []]);
    }
  });

  test('what it declares is there, and what it lacks is absent', () => {
    const { check, disputes, list, notifications, partialRefund, refund } = capabilities;
    const there = (method: unknown) => typeof method === 'function';
    assert.equal(there(gateway.list), list);
    assert.ok(disputes !== 'listed' || there(gateway.listDisputes));
    assert.equal(there(gateway.readNotification), notifications !== 'none');
    assert.equal(there(gateway.acknowledgement), notifications !== 'none');
    assert.deepEqual([there(gateway.readCheck), there(gateway.checkReply)], [check, check]);
    assert.ok(refund || !partialRefund);
    assert.equal(tested.notifications !== undefined, notifications !== 'none');
    assert.equal(tested.cryptograms !== undefined, capabilities.cryptogram);
    assert.equal(tested.browser !== undefined, capabilities.present !== 'none');
    assert.ok(gateway.longestMs() > 0 && gateway.settleMs() >= 0);
  });
}

function describeSilence(tested: CardGatewayUnderTest): void {
  test('an exchange is written down without a secret, a token or the card', async () => {
    const order = await tested.order({ email: 'payer@example.org' });
    const { log, result } = await tested.gateway.chargeSaved(order);
    assert.equal(log.length, 1);
    const [entry] = log;
    assert.deepEqual(
      [entry?.kind, entry?.operator, entry?.reference, entry?.decision, entry?.msisdn],
      ['charge', tested.gateway.name, order.payment, result.outcome, ''],
    );
    assert.deepEqual(
      [entry?.amount_minor, entry?.currency],
      [Number(order.amountMinor), order.currency],
    );
    assert.ok((entry?.took_ms ?? -1) >= 0);
    const written = JSON.stringify(log);
    for (const secret of [...tested.secrets, order.token, 'payer@example.org']) {
      assert.ok(!secret || !written.includes(secret), written);
    }
  });
}
