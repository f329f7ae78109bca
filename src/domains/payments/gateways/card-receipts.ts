import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardGateway, ReceiptData, ReceiptSettings } from '#payments/card-gateway';
import {
  type CardGatewayUnderTest,
  operationOf,
  presentOrder,
  type RegisteredReceipt,
} from './card-under-test.ts';

/** An account that sends receipts, in whichever words the gateway has for it. */
export const RECEIPT_SETTINGS: ReceiptSettings = {
  ...{ taxSystem: 'usn_income_outcome', defaultTax: 'vat5' },
};

const receipt: ReceiptData = {
  phone: '+79161234567',
  items: [
    { name: 'Кино', quantity: 2, amountMinor: 9_000n, tax: 'vat22' },
    { name: 'Подключение', quantity: 1, amountMinor: 1_900n },
  ],
};

const part: ReceiptData = {
  email: 'payer@example.org',
  items: [{ name: 'Кино', quantity: 1, amountMinor: 5_000n, tax: 'none' }],
};

/** What the tax office is told, by what the gateway's own till has registered. */
export function describeReceipts(tested: CardGatewayUnderTest): void {
  const { capabilities } = tested.gateway;
  const { receipts } = tested;
  test('receipts are taken by gateways that say so, and by no other', () => {
    assert.equal(receipts !== undefined, capabilities.receipts);
  });
  if (!receipts) return;
  const { gateway, registered } = receipts;
  describeSent(tested, gateway, registered);
  describeAsked(tested, gateway);

  test('an account that sends no receipts sends none, whatever is known of what was sold', async () => {
    const order = await tested.order({ receipt });
    const { result } = await tested.gateway.chargeSaved(order);
    assert.ok(result.outcome === 'accepted', result.outcome);
    const { transaction } = result.facts;
    await tested.gateway.refund({ ...operationOf(order, transaction, 5_000n), receipt: part });
    assert.deepEqual(await registered(order.payment, transaction), []);
  });

  test('a page carries the receipt of what is paid there', async (t) => {
    const { browser } = tested;
    if (!browser) return t.skip('it has no page');
    const order = presentOrder({ receipt });
    const { result } = await gateway.present(order);
    assert.ok(result.outcome === 'presented', result.outcome);
    await browser.act('pays', order, result.presentation);
    const given = result.presentation.kind === 'redirect' && result.presentation.transaction;
    const [sale] = await registered(order.payment, given || undefined);
    assert.deepEqual(sale, SALE);
  });
}

/** Of gateways that tell nothing of them by themselves. */
function describeAsked(tested: CardGatewayUnderTest, gateway: CardGateway): void {
  const { capabilities, listReceipts } = gateway;
  test('what became of receipts can be asked where it is not told, and an account that sends none awaits none', () => {
    assert.equal(capabilities.fiscal === 'asked', listReceipts !== undefined);
    assert.notEqual(tested.gateway.capabilities.fiscal, 'asked');
  });
  if (!listReceipts) return;

  test('asked for by its time and by itself, a receipt is told with its document', async () => {
    const order = await tested.order({ receipt });
    const { result } = await gateway.chargeSaved(order);
    assert.ok(result.outcome === 'accepted', result.outcome);
    const { transaction } = result.facts;
    const back = await gateway.refund({
      ...operationOf(order, transaction, 5_000n),
      receipt: part,
    });
    assert.ok(back.result.outcome === 'accepted', back.result.outcome);
    const refund = back.result.facts.transaction;
    const now = Date.now();
    const span = { from: new Date(now - 600_000), to: new Date(now + 600_000) };
    const asked = [
      span,
      { kind: 'sale', transaction },
      { kind: 'return', transaction: refund },
    ] as const;
    const [listed = [], sale, returned] = await Promise.all(
      asked.map(async (question) => (await listReceipts(question)).receipts),
    );
    assert.deepEqual(
      [sale, returned].map((found) => found?.map(({ kind, state }) => `${kind} ${state}`)),
      [['sale registered'], ['return registered']],
    );
    for (const one of [...(sale ?? []), ...(returned ?? [])]) {
      assert.ok(one.facts?.document && one.facts.at, 'it names its document and its moment');
      assert.ok(listed.some((other) => other.transaction === one.transaction));
    }
  });

  test('receipts that do not come are an error, never none', async () => {
    await tested.unreachable(async (deaf) => {
      const asked = { kind: 'sale', transaction: 'x' } as const;
      await assert.rejects(async () => deaf.listReceipts?.(asked), {
        code: 'gateway_list_unreadable',
      });
    });
  });
}

const SALE: RegisteredReceipt = {
  ...{ kind: 'sale', totalMinor: 19_900, taxSystem: 'usn_income_outcome' },
  ...{ contact: '79161234567', lines: ['Кино: vat22', 'Подключение: vat5'] },
};
const RETURN: RegisteredReceipt = {
  ...{ kind: 'return', totalMinor: 5_000, taxSystem: 'usn_income_outcome' },
  ...{ contact: 'payer@example.org', lines: ['Кино: none'] },
};

function describeSent(
  tested: CardGatewayUnderTest,
  gateway: CardGateway,
  registered: NonNullable<CardGatewayUnderTest['receipts']>['registered'],
): void {
  test('a charge and what is given back of it are registered, with the taxes of the plan, and the account’s where it has none', async () => {
    const order = await tested.order({ receipt });
    const { result } = await gateway.chargeSaved(order);
    assert.ok(result.outcome === 'accepted', result.outcome);
    const { transaction } = result.facts;
    assert.deepEqual(await registered(order.payment, transaction), [SALE]);
    const refund = { ...operationOf(order, transaction, 5_000n), receipt: part };
    for (let times = 0; times < 2; times += 1)
      assert.equal((await gateway.refund(refund)).result.outcome, 'accepted');
    assert.deepEqual(await registered(order.payment, transaction), [SALE, RETURN]);
  });

  test('of what was reserved nothing is registered before it is taken, and then that part', async (t) => {
    if (!gateway.capabilities.twoStage) return t.skip('it reserves nothing');
    const order = await tested.order({ twoStage: true, receipt });
    const { result } = await gateway.chargeSaved(order);
    assert.ok(result.outcome === 'authorized', result.outcome);
    const { transaction } = result.facts;
    assert.deepEqual(await registered(order.payment, transaction), []);
    const taken = { ...operationOf(order, transaction, 5_000n), receipt: part };
    assert.equal((await gateway.confirm(taken)).result.outcome, 'accepted');
    assert.deepEqual(await registered(order.payment, transaction), [{ ...RETURN, kind: 'sale' }]);
  });

  test('a charge that was declined registers nothing', async () => {
    const [decline] = tested.declines;
    const order = { ...(await decline?.order()), receipt } as Awaited<
      ReturnType<CardGatewayUnderTest['order']>
    >;
    const { result } = await gateway.chargeSaved(order);
    assert.equal(result.outcome, 'declined');
    assert.deepEqual(await registered(order.payment, undefined), []);
  });
}
