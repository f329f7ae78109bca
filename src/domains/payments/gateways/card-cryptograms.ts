import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CryptogramOrder } from '#payments/card-gateway';
import {
  type CardGatewayUnderTest,
  type CryptogramsUnderTest,
  newOrder,
  presentOrder,
  questionOf,
} from './card-under-test.ts';

/** A card that is entered on a page of the merchant's, with its holder at the bank's page where the bank wants him. */
export function describeCryptograms(
  tested: CardGatewayUnderTest,
  cryptograms: CryptogramsUnderTest,
): void {
  const { gateway } = tested;

  function orderWith(cryptogram: string, changes: Partial<CryptogramOrder> = {}): CryptogramOrder {
    return { ...presentOrder(), cryptogram, cardholder: 'A B', ...changes };
  }

  test('a card that is entered pays at once, or is declined', async () => {
    const order = orderWith(cryptograms.plain, { saveCard: true });
    const { log, result } = await gateway.chargeCryptogram(order);
    assert.ok(result.outcome === 'accepted', JSON.stringify(log));
    assert.ok(result.facts.card?.token, 'the card is kept');
    assert.ok(!JSON.stringify(log).includes(order.cryptogram));
    assert.deepEqual(await tested.debits(order.payment), [Number(order.amountMinor)]);
    const poor = orderWith(cryptograms.poor);
    const declined = (await gateway.chargeCryptogram(poor)).result;
    assert.ok(declined.outcome === 'declined');
    assert.deepEqual([declined.reason, declined.class], ['insufficient_funds', 'funds']);
  });

  test('an unreadable card is a mistake of the request', async () => {
    const { result } = await gateway.chargeCryptogram(orderWith('nonsense'));
    assert.ok(result.outcome === 'declined');
    assert.deepEqual([result.reason, result.class], ['invalid_request', 'request']);
  });

  for (const isHolder of [true, false]) {
    test(`who ${isHolder ? 'proves' : 'can not prove'} to be the holder has paid ${isHolder ? 'once' : 'nothing'}`, async () => {
      const order = orderWith(cryptograms.authenticated);
      const { result } = await gateway.chargeCryptogram(order);
      assert.ok(result.outcome === 'authentication', result.outcome);
      assert.deepEqual(await tested.debits(order.payment), []);
      const { transaction } = result;
      const waiting = await gateway.inquire(questionOf({ ...newOrder(''), ...order }));
      assert.equal(waiting.result.outcome, 'pending');
      const forged = { transaction, fields: { MD: transaction } };
      assert.equal(
        (await gateway.completeAuthentication(order, forged)).result.outcome,
        'not_sent',
      );
      const fields = await cryptograms.prove(result, isHolder);
      for (let times = 0; times < 2; times += 1) {
        const done = await gateway.completeAuthentication(order, { transaction, fields });
        assert.equal(done.result.outcome, isHolder ? 'accepted' : 'declined');
        if (done.result.outcome !== 'declined') continue;
        const { class: of, reason } = done.result;
        assert.deepEqual([reason, of], ['authentication_failed', 'authentication']);
      }
      const paid = isHolder ? [Number(order.amountMinor)] : [];
      assert.deepEqual(await tested.debits(order.payment), paid);
    });
  }
}
