import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import { cards, type Fixture, Merchant, startFixture, type Values } from './fixture.ts';
import { cryptogramOf } from './index.ts';

const TermUrl = 'https://merchant.example/back?a=1&b=2';

interface Asked {
  readonly TransactionId: unknown;
  readonly html: string;
  /** What the bank answers to each button. */
  readonly yes: string;
  readonly no: string;
}

/** Pays until the bank asks, and reads the bank's page as a browser would. */
async function askedAt(fixture: Fixture, number: string, fields: Values = {}): Promise<Asked> {
  const { Message, Model, Success } = await fixture.charge(number, fields);
  assert.deepEqual([Success, Message], [false, null]);
  assert.equal(Model?.Status, undefined, 'no transaction is shown yet');
  const { AcsUrl, PaReq, TransactionId } = Model as Record<string, string>;
  assert.ok(AcsUrl && PaReq);
  const response = await fetch(AcsUrl, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ MD: String(TransactionId), PaReq, TermUrl }),
  });
  assert.equal(response.status, 200);
  const html = await response.text();
  const [yes = '', no = ''] = [...html.matchAll(/name="PaRes" value="([^"]+)"/g)].map(
    ([, value = '']) => value,
  );
  return { TransactionId, html, yes, no };
}

test('the bank’s page works without a script: each button sends its own answer to the merchant', async (t) => {
  const fixture = await startFixture(t);
  const { html, no, yes } = await askedAt(fixture, cards.threeDs);
  assert.equal(
    html.match(/<form action="https:\/\/merchant.example\/back\?a=1&amp;b=2" method="post">/g)
      ?.length,
    2,
  );
  assert.notEqual(yes, no);
  assert.match(html, /Yes, it is me/);
});

test('after yes it is paid, once; after no it is declined with 5206', async (t) => {
  const merchant = await new Merchant().start(t);
  const fixture = await startFixture(t, { sites: merchant.site('Check', 'Pay', 'Fail') });
  const asked = await askedAt(fixture, cards.threeDs, { AccountId: 'user-1', SaveCard: true });
  const { TransactionId } = asked;
  const waiting = await fixture.call('payments/get', { TransactionId });
  assert.equal(waiting.Model?.Status, 'AwaitingAuthentication');
  const wrong = await fixture.call('payments/cards/post3ds', { TransactionId, PaRes: 'guess' });
  assert.equal(wrong.Message, 'Invalid PaRes value');
  const paid = await fixture.call('payments/cards/post3ds', { TransactionId, PaRes: asked.yes });
  assert.deepEqual([paid.Success, paid.Model?.Status], [true, 'Completed']);
  assert.match(String(paid.Model?.Token), /^tk_/);
  const again = await fixture.call('payments/cards/post3ds', { TransactionId, PaRes: asked.yes });
  assert.equal(again.Success, false);
  assert.deepEqual(await fixture.movements(), ['debit 199']);

  const second = await askedAt(fixture, cards.threeDs);
  const refused = await fixture.call('payments/cards/post3ds', {
    ...{ TransactionId: second.TransactionId, PaRes: second.no },
  });
  assert.deepEqual([refused.Success, refused.Model?.ReasonCode], [false, 5206]);
  await fixture.settle();
  assert.deepEqual(
    merchant.paths(),
    ['check', 'pay', 'check', 'fail'],
    'the merchant is asked once',
  );
});

test('a yes without money is declined for the money', async (t) => {
  const fixture = await startFixture(t);
  const { TransactionId, yes } = await askedAt(fixture, cards.threeDsNoMoney);
  const { Model } = await fixture.call('payments/cards/post3ds', { TransactionId, PaRes: yes });
  assert.equal(Model?.ReasonCode, 5051);
  assert.deepEqual(await fixture.ledger(), []);
});

test('the bank shows its page for nothing else than a payment that waits, and sends nobody to a script', async (t) => {
  const fixture = await startFixture(t);
  const { TransactionId } = await askedAt(fixture, cards.threeDs);
  const shown = async (fields: Record<string, string>) => {
    const body = new URLSearchParams({ MD: String(TransactionId), TermUrl, ...fields });
    return (await fetch(`${fixture.url}/acs`, { method: 'POST', body })).status;
  };
  assert.equal(await shown({ PaReq: 'guess' }), 400);
  assert.equal(await shown({ PaReq: 'x', TermUrl: 'javascript:alert(1)' }), 400);
});

test('the address of the bank’s page is where browsers reach the simulator, also in a remembered answer', async (t) => {
  const fixture = await startFixture(t);
  const first = await fixture.charge(cards.threeDs, {}, { requestId: 'r-1' });
  assert.equal(first.Model?.AcsUrl, `${fixture.url}/acs`);
  const again = await fixture.charge(cards.threeDs, {}, { requestId: 'r-1' });
  assert.equal(again.text, first.text);
  await fixture.send('PUT', '/control/settings', { publicUrl: 'https://cards.example/' });
  const elsewhere = await fixture.charge(cards.threeDs);
  assert.equal(elsewhere.Model?.AcsUrl, 'https://cards.example/acs');
});

test('the checkout script makes the same cryptogram as the helper of tests', async (t) => {
  const fixture = await startFixture(t);
  const response = await fetch(`${fixture.url}/checkout.js`);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  // What a page's script has, and nothing of Node.
  const window: {
    cp?: { Checkout: new () => { createPaymentCryptogram(card: object): Promise<string> } };
  } = {};
  vm.runInNewContext(await response.text(), { window, TextEncoder, btoa });
  assert.ok(window.cp);
  const checkout = new window.cp.Checkout();
  const card = {
    cardNumber: '4000 0000 0000 3055',
    expDateMonth: 12,
    expDateYear: '39',
    cvv: '123',
  };
  const made = await checkout.createPaymentCryptogram(card);
  const expected = cryptogramOf({ number: cards.plain, expires: '12/39', cvv: '123' });
  assert.equal(made, expected);
  const paid = await fixture.charge(cards.plain, { CardCryptogramPacket: made });
  assert.deepEqual([paid.Success, paid.Model?.CardExpDate], [true, '12/39']);
  const problems = checkout.createPaymentCryptogram({ cardNumber: '', expDateMonth: 13 });
  await assert.rejects(problems, (reason) => {
    assert.deepEqual(
      { ...(reason as object) },
      {
        ...{ cardNumber: 'CardNumber_Empty', expDateMonth: 'ExpDateMonth_Invalid' },
        expDateYear: 'ExpDateYear_Invalid',
      },
    );
    return true;
  });
});
