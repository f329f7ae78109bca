import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardFields, cards, startFixture, type Values } from './fixture.ts';

test('a charge by cryptogram takes the money at once and shows the whole transaction', async (t) => {
  const fixture = await startFixture(t);
  const answer = await fixture.charge(cards.plain, { AccountId: '007', SaveCard: true });
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.Success, answer.Message], [true, null]);
  const model: Values = answer.Model ?? {};
  assert.deepEqual(
    ['Status', 'StatusCode', 'ReasonCode', 'Reason', 'Amount', 'InvoiceId', 'AccountId'].map(
      (name) => model[name],
    ),
    ['Completed', 3, 0, 'Approved', 199, 'inv-1', '007'],
  );
  assert.deepEqual(
    [model.CardFirstSix, model.CardLastFour, model.CardExpDate],
    ['400000', '3055', '12/59'],
  );
  assert.match(String(model.Token), /^tk_[0-9a-f]{32}$/);
  assert.match(String(model.CreatedDate), /^\/Date\(\d+\)\/$/);
  assert.match(String(model.CreatedDateIso), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  assert.equal(JSON.stringify(answer).includes(cards.plain), false, 'never the number of the card');
  assert.deepEqual(await fixture.movements(), ['debit 199']);
});

test('both body types are read alike, in any case of their names', async (t) => {
  const fixture = await startFixture(t);
  const form = { ...cardFields(cards.plain), Amount: '199.00', invoiceid: 'inv-9' };
  const { Model } = await fixture.call('payments/cards/charge', form, { form: true });
  assert.deepEqual([Model?.Amount, Model?.InvoiceId], [199, 'inv-9']);
});

test('what is wrong is said without a model, and nothing happens', async (t) => {
  const fixture = await startFixture(t);
  const token = await fixture.tokenOf(cards.plain);
  const refused = [
    [{ Amount: undefined }, 'Amount is required'],
    [{ Amount: 0 }, 'Invalid Amount value'],
    [{ Amount: 0.001 }, 'Invalid Amount value'],
    [{ Amount: 0.1 + 0.2 }, 'Invalid Amount value'],
    [{ Amount: 'abc' }, 'Invalid Amount value'],
    [{ Amount: -5 }, 'Invalid Amount value'],
    [{ Currency: 'roubles' }, 'Invalid Currency value'],
    [{ AccountId: undefined }, 'AccountId is required'],
    [{ TrInitiatorCode: undefined }, 'TrInitiatorCode is required'],
    [{ PaymentScheduled: undefined }, 'PaymentScheduled is required'],
    [{ TrInitiatorCode: 3 }, 'Invalid TrInitiatorCode value'],
    [{ Token: 'tk_other' }, 'Token not found'],
    [{ AccountId: 'another' }, 'Token not found'],
  ] as const;
  for (const [fields, message] of refused) {
    const answer = await fixture.chargeToken(token, fields);
    assert.deepEqual([answer.status, answer.Success, answer.Message], [200, false, message]);
    assert.equal('Model' in answer, false);
  }
  assert.equal((await fixture.ledger()).length, 1);
});

test('who may not call is not answered by the business: 401', async (t) => {
  const fixture = await startFixture(t);
  for (const options of [{ secret: 'wrong' }, { publicId: 'other' }]) {
    assert.equal((await fixture.call('test', {}, options)).status, 401);
  }
  const bare = await fetch(`${fixture.url}/test`, { method: 'POST' });
  assert.equal(bare.status, 401);
  const { Message, Success } = await fixture.call('test');
  assert.equal(Success, true);
  assert.match(String(Message), /^[0-9a-f-]{36}$/);
});

test('each family of cards does as the gateway’s table says, at once and by token', async (t) => {
  const fixture = await startFixture(t);
  const outcomes: Record<string, readonly unknown[]> = {};
  for (const [name, number] of Object.entries(cards)) {
    const { Model } = await fixture.charge(number, { AccountId: 'user-1', SaveCard: true });
    const Token = Model?.Token;
    const again = typeof Token === 'string' ? await fixture.chargeToken(Token) : undefined;
    outcomes[name] = [Model?.PaReq ? '3-D Secure' : Model?.ReasonCode, again?.Model?.ReasonCode];
  }
  assert.deepEqual(outcomes, {
    plain: [0, 0],
    threeDs: ['3-D Secure', undefined],
    threeDsNoMoney: ['3-D Secure', undefined],
    renewalsFail: [0, 5051],
    noMoney: [5051, undefined],
  });
});

test('a decline comes with its transaction and no success', async (t) => {
  const fixture = await startFixture(t);
  const { Message, Model, Success } = await fixture.charge(cards.noMoney);
  assert.deepEqual([Success, Message], [false, null]);
  assert.deepEqual(
    [Model?.Status, Model?.StatusCode, Model?.ReasonCode, Model?.Reason],
    ['Declined', 5, 5051, 'InsufficientFunds'],
  );
  assert.deepEqual(await fixture.ledger(), []);
});

test('an expired card and a mistyped one are declined as what they are', async (t) => {
  const fixture = await startFixture(t);
  const { cryptogramOf } = await import('./index.ts');
  const charge = async (number: string, expires: string) => {
    const packet = cryptogramOf({ number, expires });
    return (await fixture.charge(number, { CardCryptogramPacket: packet })).Model?.ReasonCode;
  };
  assert.equal(await charge(cards.plain, '01/20'), 5054);
  assert.equal(await charge('4000000000003056', '12/59'), 5014);
  const { Message } = await fixture.charge('1', { CardCryptogramPacket: 'nothing' });
  assert.equal(Message, 'Invalid CardCryptogramPacket value');
});

test('there is a token only with AccountId and when the card is to be kept, on its own terminal', async (t) => {
  const fixture = await startFixture(t, { sites: { one: {}, two: {} } });
  const [one, two] = [{ publicId: 'one' }, { publicId: 'two' }];
  const tokenWith = async (fields: object) =>
    (await fixture.charge(cards.plain, { ...fields }, one)).Model?.Token;
  assert.equal(await tokenWith({ AccountId: 'user-1' }), null);
  assert.equal(await tokenWith({ SaveCard: true }), null);
  const token = String(await tokenWith({ AccountId: 'user-1', SaveCard: true }));
  assert.equal((await fixture.chargeToken(token, {}, one)).Success, true);
  const crossed = await fixture.chargeToken(token, {}, two);
  assert.deepEqual([crossed.Success, crossed.Model?.ReasonCode], [false, 6025]);
  const list = await fixture.call('payments/tokens/list', { PageNumber: 1 }, one);
  assert.deepEqual(list.Model, [
    {
      ...{ Token: token, AccountId: 'user-1', CardMask: '400000****3055' },
      ...{ ExpirationDateMonth: 12, ExpirationDateYear: 2059 },
    },
  ]);
  assert.deepEqual((await fixture.call('payments/tokens/list', { PageNumber: 1 }, two)).Model, []);
});

test('refunds add up to the payment and not beyond it; each is a transaction of its own', async (t) => {
  const fixture = await startFixture(t);
  const { Model } = await fixture.charge(cards.plain);
  const TransactionId = Model?.TransactionId;
  const refund = (Amount: number) => fixture.call('payments/refund', { TransactionId, Amount });
  const first = await refund(100);
  const second = await refund(99);
  assert.equal(first.Success && second.Success, true);
  assert.notEqual(first.Model?.TransactionId, second.Model?.TransactionId);
  const third = await refund(0.01);
  assert.deepEqual([third.Success, third.Message], [false, 'Amount is greater than available']);
  assert.deepEqual(await fixture.movements(), ['debit 199', 'refund 100', 'refund 99']);
  const shown = await fixture.call('payments/get', { TransactionId: first.Model?.TransactionId });
  assert.deepEqual(
    [shown.Model?.OriginalTransactionId, shown.Model?.Amount, shown.Model?.Type],
    [TransactionId, 100, 1],
  );
});

test('the search answers with the last of an order: the old one with payments only', async (t) => {
  const fixture = await startFixture(t);
  const InvoiceId = 'inv-7';
  const find = async (path: string) =>
    (await fixture.call(path, { InvoiceId })).Model?.TransactionId;
  const missing = await fixture.call('payments/find', { InvoiceId });
  assert.deepEqual(
    [missing.Success, missing.Message, missing.Model],
    [false, 'Not found', undefined],
  );
  await fixture.charge(cards.noMoney, { InvoiceId });
  const declined = await fixture.call('payments/find', { InvoiceId });
  assert.deepEqual([declined.Success, declined.Model?.Status], [false, 'Declined']);
  const paid = (await fixture.charge(cards.plain, { InvoiceId })).Model?.TransactionId;
  assert.equal(await find('payments/find'), paid);
  const refund = { TransactionId: paid, Amount: 1 };
  const refunded = (await fixture.call('payments/refund', refund)).Model?.TransactionId;
  assert.equal(await find('payments/find'), paid);
  assert.equal(await find('v2/payments/find'), refunded);
});
