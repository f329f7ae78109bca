import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardGateway, ListedTransaction } from '#payments/card-gateway';
import { type CardGatewayUnderTest, operationOf } from './card-under-test.ts';

const PAGES_MAX = 100;

/** What the nightly comparison reads. */
export function describeLists(tested: CardGatewayUnderTest): void {
  const { gateway } = tested;
  if (!gateway.list) return;

  test('the list has each payment and refund once, with its state, over all its pages', async () => {
    const [paid, reserved] = [await tested.order(), await tested.order({ twoStage: true })];
    const transactions: string[] = [];
    for (const order of [paid, reserved]) {
      const { result } = await gateway.chargeSaved(order);
      assert.ok(result.outcome === 'accepted' || result.outcome === 'authorized');
      transactions.push(result.facts.transaction);
    }
    const [ofTransaction = ''] = transactions;
    const refund = operationOf(paid, ofTransaction, 4_200n);
    const given = (await gateway.refund(refund)).result;
    assert.ok(given.outcome === 'accepted');
    const listed = await listAll(gateway);
    const about = (payment: string) => listed.filter(({ facts }) => facts.payment === payment);
    assert.deepEqual(about(paid.payment).map(inShort), [`payment accepted ${paid.amountMinor}`]);
    const [, held] = transactions;
    const ofReserved = listed.filter(({ facts }) => facts.transaction === held);
    assert.deepEqual(
      ofReserved.map(({ state }) => state),
      ['authorized'],
    );
    const [back, ...more] = about(refund.payment);
    assert.deepEqual(
      [back && inShort(back), back?.ofTransaction, back?.facts.transaction, more.length],
      ['refund accepted 4200', ofTransaction, given.facts.transaction, 0],
    );
    const ids = listed.map(({ facts }) => facts.transaction);
    assert.equal(new Set(ids).size, ids.length, 'nothing stands on two pages');
  });

  test('a list that does not come is an error, never a short list', async () => {
    const now = Date.now();
    await tested.unreachable(async (deaf) => {
      const span = { from: new Date(now - 60_000), to: new Date(now) };
      await assert.rejects(async () => deaf.list?.(span), { code: 'gateway_list_unreadable' });
    });
  });
}

function inShort({ facts, kind, state }: ListedTransaction): string {
  return `${kind} ${state} ${facts.amountMinor}`;
}

async function listAll(gateway: CardGateway): Promise<readonly ListedTransaction[]> {
  const now = Date.now();
  const span = { from: new Date(now - 600_000), to: new Date(now + 600_000) };
  const all: ListedTransaction[] = [];
  let page: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const listed = await gateway.list?.(page === undefined ? span : { ...span, page });
    assert.ok(listed);
    all.push(...listed.transactions);
    page = listed.next;
    if (page === undefined) return all;
  }
  return assert.fail('the list has no end');
}
