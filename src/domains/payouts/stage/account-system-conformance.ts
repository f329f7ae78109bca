import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Database } from '#database';
import { AppError } from '#errors';
import { uuidV7 } from '#ids';
import { type Account, accountId, type Ledger } from '#ledger';
import type { AccountSystem, Moved, Movement, PayoutAccount } from '#payouts/accounts';
import { earn } from './fixture.ts';
import { arriveCash } from './machine-fixture.ts';

/** One way to the system of accounts, and the ledger behind it. */
export interface AccountSystemStage {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly accounts: AccountSystem;
}

export interface AccountSystemUnderTest {
  readonly name: string;
  setStage(t: TestContext): Promise<AccountSystemStage>;
}

let clients = 0;
function newClient(): string {
  clients += 1;
  return `client ${clients}`;
}

/** A partner with money, and what is done with it. */
async function partner({ accounts, ledger }: AccountSystemStage, amountMinor: bigint) {
  const clientId = newClient();
  const own = await earn(ledger, { clientId, amountMinor });
  const account: PayoutAccount = { ...toApi(own), balanceMinor: amountMinor };
  const name = { clientId, currency: own.currency, label: own.label };
  return {
    ...{ own, account, clientId },
    move: (movement: Movement, wanted: bigint, transferId = uuidV7()): Promise<Moved> =>
      accounts.move({
        ...{ transferId, movement, account, amountMinor: wanted, reference: `po of ${clientId}` },
      }),
    earn: (more: bigint) => earn(ledger, { clientId, amountMinor: more }),
    /** On payout, payout-reserved and payout-sent. */
    async balances(): Promise<readonly bigint[]> {
      const found = await ledger.accounts({ clientId, limit: 10 });
      return ['payout', 'payout-reserved', 'payout-sent'].map(
        (type) => found.find((one) => one.type === type)?.balanceMinor ?? 0n,
      );
    },
    async debt(): Promise<bigint> {
      const [debt] = await ledger.accounts({ clientId, type: 'payout-debt', limit: 1 });
      return debt?.balanceMinor ?? 0n;
    },
    name,
  };
}

function toApi({ clientId, currency, id, label }: Account) {
  return { account: accountId(id), clientId, currency, label };
}

const moved = (amountMinor: bigint) => ({ outcome: 'moved', amountMinor });
const throwsCode = (code: string) => (error: unknown) =>
  error instanceof AppError && error.code === code;

/** What every way to the system of accounts does, whatever lies between. */
export function describeAccountSystem(system: AccountSystemUnderTest): void {
  describe(`the system of accounts ${system.name}`, () => {
    describeAccounts(system);
    describeMovements(system);
    describeRepetitions(system);
    describeRefusals(system);
    describeCash(system);
  });
}

function describeAccounts(system: AccountSystemUnderTest): void {
  test('tells the payout accounts of a client with what can be paid out, and no others', async (t) => {
    const { accounts, ledger } = await system.setStage(t);
    const clientId = newClient();
    const [rubles, dollars, empty] = [
      await earn(ledger, { clientId, amountMinor: 500n }),
      await earn(ledger, { clientId, amountMinor: 7n, currency: 'USD' }),
      await earn(ledger, { clientId, amountMinor: 0n, label: 'music & more' }),
    ];
    await earn(ledger, { clientId: newClient(), amountMinor: 9n });
    await ledger.open([{ type: 'payout-sent', clientId, currency: 'RUB' }]);
    const told = await accounts.payoutAccounts(clientId);
    assert.deepEqual(
      told.toSorted((left, right) => (left.account < right.account ? -1 : 1)),
      [
        { ...toApi(rubles), balanceMinor: 500n },
        { ...toApi(dollars), balanceMinor: 7n },
        { ...toApi(empty), balanceMinor: 0n },
      ],
    );
  });

  test('a client that is not known has no accounts', async (t) => {
    const { accounts } = await system.setStage(t);
    assert.deepEqual(await accounts.payoutAccounts('nobody & co?'), []);
  });

  test('tells more accounts than a page holds, and refuses more than a payout run is for', async (t) => {
    const { accounts, ledger } = await system.setStage(t);
    const clientId = newClient();
    const open = (from: number, count: number) =>
      ledger.open(
        Array.from({ length: count }, (_, n) => ({
          ...{ type: 'payout', clientId, currency: 'RUB', label: `${from + n}` },
        })),
      );
    await open(0, 450);
    const told = await accounts.payoutAccounts(clientId);
    assert.equal(new Set(told.map(({ account }) => account)).size, 450);
    await open(450, 551);
    await assert.rejects(accounts.payoutAccounts(clientId), throwsCode('accounts_too_many'));
  });

  test('more than a number holds exactly is told with all its digits', async (t) => {
    const { accounts, ledger } = await system.setStage(t);
    const clientId = newClient();
    const part = 1_000_000_000_000_000n;
    for (let n = 0; n < 10; n += 1) await earn(ledger, { clientId, amountMinor: part - BigInt(n) });
    const [told] = await accounts.payoutAccounts(clientId);
    assert.equal(told?.balanceMinor, 10n * part - 45n);
  });
}

function describeMovements(system: AccountSystemUnderTest): void {
  test('a payout goes from stage to stage, and each way back', async (t) => {
    const stage = await system.setStage(t);
    const { balances, move } = await partner(stage, 1000n);
    assert.deepEqual(await move('reserve', 600n), moved(600n));
    assert.deepEqual(await balances(), [400n, 600n, 0n]);
    assert.deepEqual(await move('cancel', 600n), moved(600n));
    assert.deepEqual(await balances(), [1000n, 0n, 0n]);
    await move('reserve', 700n);
    assert.deepEqual(await move('send', 700n), moved(700n));
    assert.deepEqual(await balances(), [300n, 0n, 700n]);
    assert.deepEqual(await move('reject', 700n), moved(700n));
    assert.deepEqual(await balances(), [1000n, 0n, 0n]);
    await move('reserve', 1000n);
    await move('send', 1000n);
    assert.deepEqual(await move('pay', 1000n), moved(1000n));
    assert.deepEqual(await balances(), [0n, 0n, 0n]);
    assert.deepEqual(await move('return', 1000n), moved(1000n));
    assert.deepEqual(await balances(), [1000n, 0n, 0n]);
  });

  test('reserves no more than there is, and says when there is nothing', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 70n);
    assert.deepEqual(await move('reserve', 100n), moved(70n));
    assert.deepEqual(await move('reserve', 100n), { outcome: 'empty' });
    assert.deepEqual(await balances(), [0n, 70n, 0n]);
  });

  test('many reserve the same money at once: each kopek once', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 1000n);
    const answers = await Promise.all(Array.from({ length: 40 }, () => move('reserve', 70n)));
    const amounts = answers.flatMap((one) => (one.outcome === 'moved' ? [one.amountMinor] : []));
    assert.equal(
      amounts.reduce((sum, one) => sum + one, 0n),
      1000n,
    );
    assert.equal(amounts.length, 15);
    assert.deepEqual(await balances(), [0n, 1000n, 0n]);
  });

  test('what was paid all the same is never refused: what the account lacks is its debt', async (t) => {
    const { balances, debt, earn: earnMore, move } = await partner(await system.setStage(t), 300n);
    assert.deepEqual(await move('settle', 500n), moved(500n));
    assert.deepEqual(await balances(), [0n, 0n, 0n]);
    assert.equal(await debt(), 200n);
    await earnMore(250n);
    assert.deepEqual(await balances(), [50n, 0n, 0n]);
  });
}

function describeRepetitions(system: AccountSystemUnderTest): void {
  test('a movement asked for again, however often and at once, is the same one', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 1000n);
    for (const [movement, amount] of [
      ['reserve', 5000n],
      ['send', 1000n],
      ['pay', 1000n],
      ['return', 1000n],
    ] as const) {
      const id = uuidV7();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => move(movement, amount, id)),
      );
      for (const answer of answers) assert.deepEqual(answer, moved(1000n));
      assert.deepEqual(await move(movement, amount, id), moved(1000n));
    }
    assert.deepEqual(await balances(), [1000n, 0n, 0n]);
  });

  test('a reservation whose answer was lost says what it came to, whatever has happened since', async (t) => {
    const { balances, earn: earnMore, move } = await partner(await system.setStage(t), 40n);
    const id = uuidV7();
    await move('reserve', 100n, id);
    await earnMore(500n);
    assert.deepEqual(await move('reserve', 100n, id), moved(40n));
    assert.deepEqual(await balances(), [500n, 40n, 0n]);
    await move('send', 40n);
    assert.deepEqual(await move('reserve', 100n, id), moved(40n));
  });
}

function describeRefusals(system: AccountSystemUnderTest): void {
  test('another body under the same id is a conflict, and nothing moves', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 100n);
    const id = uuidV7();
    await move('reserve', 60n, id);
    await assert.rejects(move('reserve', 61n, id), throwsCode('movement_conflict'));
    await assert.rejects(move('cancel', 60n, id), throwsCode('movement_conflict'));
    assert.deepEqual(await balances(), [40n, 60n, 0n]);
  });

  test('money that does not lie there is not moved on', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 100n);
    await move('reserve', 60n);
    for (const movement of ['pay', 'reject'] as const)
      await assert.rejects(move(movement, 1n), throwsCode('movement_refused'));
    for (const movement of ['send', 'cancel'] as const)
      await assert.rejects(move(movement, 61n), throwsCode('movement_refused'));
    assert.deepEqual(await balances(), [40n, 60n, 0n]);
  });

  test('an account that is not there, or is another one than it is said to be, opens nothing', async (t) => {
    const stage = await system.setStage(t);
    const { account, clientId, name } = await partner(stage, 100n);
    const [sent] = await stage.ledger.open([{ ...name, type: 'payout-sent' }]);
    assert.ok(sent);
    for (const wrong of [
      { ...account, account: 'acc_vvvvvvvvvv' },
      { ...account, account: accountId(sent.id) },
      { ...account, clientId: 'somebody else' },
      { ...account, currency: 'USD' },
    ]) {
      const order = { transferId: uuidV7(), movement: 'reserve', amountMinor: 1n } as const;
      await assert.rejects(
        stage.accounts.move({ ...order, account: wrong, reference: 'po_1' }),
        throwsCode('account_unknown'),
      );
    }
    const opened = await stage.ledger.accounts({ clientId, limit: 10 });
    assert.deepEqual(opened.map(({ type }) => type).toSorted(), [
      ...['payout', 'payout-debt', 'payout-sent'],
    ]);
    assert.deepEqual(await stage.ledger.accounts({ clientId: 'somebody else', limit: 1 }), []);
  });

  test('no amount is moved that is none', async (t) => {
    const { balances, move } = await partner(await system.setStage(t), 100n);
    for (const amount of [0n, -1n, 10n ** 18n])
      await assert.rejects(
        move('reserve', amount),
        (error) => error instanceof AppError && error.kind !== 'unavailable',
      );
    assert.deepEqual(await balances(), [100n, 0n, 0n]);
  });
}

function describeCash(system: AccountSystemUnderTest): void {
  const amountsOf = (facts: readonly { readonly amountMinor: bigint }[]) =>
    facts.map(({ amountMinor }) => amountMinor);

  test('takes what has arrived for a payout, oldest first and no more than its amount', async (t) => {
    const stage = await system.setStage(t);
    const { account, own } = await partner(stage, 1000n);
    for (const amount of [300n, 500n, 400n]) await arriveCash(stage.database, own.id, amount);
    const take = (payout: string, amountMinor: bigint) =>
      stage.accounts.takeCash({ account: account.account, payout, amountMinor });
    const first = `po_first_of_${own.id}`;
    const taken = await take(first, 600n);
    assert.deepEqual(amountsOf(taken), [300n, 300n]);
    for (const { fact, reference } of taken) assert.ok(fact.length > 0 && reference.length > 0);
    const again = await Promise.all(Array.from({ length: 10 }, () => take(first, 600n)));
    for (const one of again) assert.deepEqual(one, taken);
    assert.deepEqual(amountsOf(await take(`po_second_of_${own.id}`, 5000n)), [200n, 400n]);
    assert.deepEqual(await take(`po_third_of_${own.id}`, 10n), []);
    await assert.rejects(take(first, 601n), throwsCode('movement_conflict'));
  });

  test('what a payout gives back another can take, and it takes nothing itself any more, however often it asks', async (t) => {
    const stage = await system.setStage(t);
    const { account, own } = await partner(stage, 100n);
    await arriveCash(stage.database, own.id, 100n);
    const take = (payout: string) =>
      stage.accounts.takeCash({ account: account.account, payout, amountMinor: 100n });
    const [gone, next] = [`po_gone_of_${own.id}`, `po_next_of_${own.id}`];
    await take(gone);
    await stage.accounts.returnCash(gone);
    await stage.accounts.returnCash(gone);
    await take(gone);
    assert.deepEqual(amountsOf(await take(next)), [100n]);
    await stage.accounts.returnCash(gone);
    assert.deepEqual(await take(`po_last_of_${own.id}`), []);
    await stage.accounts.returnCash(`po_unknown_of_${own.id}`);
  });
}
