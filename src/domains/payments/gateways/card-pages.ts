import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PresentOrder } from '#payments/card-gateway';
import {
  type Act,
  type BrowserUnderTest,
  type CardGatewayUnderTest,
  newOrder,
  presentOrder,
  questionOf,
} from './card-under-test.ts';

const ENDS: Readonly<Record<Exclude<Act, 'cheats'>, boolean>> = {
  ...{ pays: true, proves_and_pays: true, fails_to_prove: false, has_no_money: false },
};

/** The way through the browser. */
export function describePages(tested: CardGatewayUnderTest, browser: BrowserUnderTest): void {
  const { gateway } = tested;

  async function led(act: Act, changes: Partial<PresentOrder> = {}): Promise<PresentOrder> {
    const order = presentOrder(changes);
    const { log, result } = await gateway.present(order);
    assert.ok(result.outcome === 'presented', JSON.stringify(log));
    const { presentation } = result;
    assert.equal(presentation.kind, gateway.capabilities.present);
    for (const secret of tested.secrets) {
      assert.ok(!JSON.stringify(presentation).includes(secret), 'a secret is on the page');
    }
    await browser.act(act, order, presentation);
    return order;
  }

  function ask(order: PresentOrder) {
    const saved = { ...newOrder(''), ...order };
    return gateway.inquire({ ...questionOf(saved), presented: true });
  }

  for (const act of browser.acts.filter((one) => one !== 'cheats')) {
    test(`a payer who ${act} has paid ${ENDS[act] ? 'once' : 'nothing'}`, async () => {
      const order = await led(act);
      const { log, result } = await ask(order);
      if (ENDS[act]) {
        assert.ok(result.outcome === 'accepted', JSON.stringify(log));
        assert.equal(result.facts.payment, order.payment);
        assert.deepEqual(await tested.debits(order.payment), [Number(order.amountMinor)]);
        return;
      }
      assert.ok(['declined', 'pending'].includes(result.outcome), result.outcome);
      assert.deepEqual(await tested.debits(order.payment), []);
    });
  }

  test('a page that nobody has paid on is no payment', async () => {
    const order = presentOrder();
    await gateway.present(order);
    const { outcome } = (await ask(order)).result;
    assert.ok(outcome === 'pending' || outcome === 'not_found', outcome);
  });

  test('a card that is kept is charged again when nobody is there', async () => {
    const order = await led('pays', { saveCard: true });
    const { result } = await ask(order);
    assert.ok(result.outcome === 'accepted');
    const { card } = result.facts;
    assert.ok(card?.token, 'its token is told');
    assert.doesNotMatch(card.mask, /\d{12}/);
    const { account } = order;
    const renewal = newOrder(card.token, { account });
    const again = await gateway.chargeSaved(renewal);
    assert.equal(again.result.outcome, 'accepted', JSON.stringify(again.log));
    assert.deepEqual(await tested.debits(renewal.payment), [Number(renewal.amountMinor)]);
  });

  if (!browser.acts.includes('cheats')) return;
  test('a browser that changes the price, the currency or the account is told as what it did', async () => {
    const order = await led('cheats');
    const { result } = await ask(order);
    assert.ok(result.outcome === 'accepted');
    const { account, amountMinor, currency } = result.facts;
    assert.notEqual(amountMinor, order.amountMinor);
    assert.notEqual(currency, order.currency);
    assert.notEqual(account, order.account);
  });

  test('a refusal after a success does not hide it', async () => {
    const order = await led('pays');
    const presentation = (await gateway.present(order)).result;
    assert.ok(presentation.outcome === 'presented');
    await browser.act('has_no_money', order, presentation.presentation);
    const { result } = await ask(order);
    assert.equal(result.outcome, 'accepted');
  });
}
