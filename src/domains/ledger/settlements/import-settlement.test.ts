import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { toUuid } from '#ids';
import { readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger/account-type';
import type { Charge } from '#ledger/contracts';
import { createLedger } from '#ledger/create-ledger';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { parseStatement, type Statement } from './settlement.ts';

const database = await testDatabase();
const clock = createSystemClock();
const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
const ledger = await createLedger({ database, clock, log: silentLog(), types });
const contract = await database.transaction((tx) =>
  ledger.contracts.add(tx, {
    ...{ service: 'music', operator: 'mobilink', validFrom: new Date(0) },
    partners: [
      { clientId: 'band', basisPoints: 3333 },
      { clientId: 'label', basisPoints: 1111 },
    ],
    ...{ operatorBasisPoints: 3000, taxBasisPoints: 1500 },
  }),
);
let made = 0n;

function charge(amountMinor: bigint, changes: Partial<Charge> = {}): Charge {
  made += 1n;
  return {
    ...{ id: toUuid({ customerId: 5n, id: made }), reference: `pay_${made}`, gateway: 'mobilink' },
    ...{ amountMinor, currency: 'PKR', contract: contract.id, ...changes },
  };
}

async function balances(): Promise<Record<string, bigint>> {
  const { rows } = await sql<{ name: string; posted: bigint }>`
    select a.type || ' ' || a.client_id as name, b.posted from ledger.account a
    join ledger.balance b on b.account_id = a.id where b.posted <> 0 order by 1`.execute(
    database.pool,
  );
  return Object.fromEntries(rows.map(({ name, posted }) => [name.trim(), posted]));
}

function statementOf(name: string, text: string): Statement {
  const lines = parseStatement(text);
  return { gateway: 'mobilink', statement: name, currency: 'PKR', lines, hash: text };
}

test('a charge is parted to the minor unit, and a refund in steps takes back every part of it', async () => {
  const one = charge(501n);
  await ledger.submit(await ledger.charges([one]));
  assert.deepEqual(await balances(), {
    'receivable mobilink': -501n,
    'payout band': 166n,
    'payout label': 55n,
    'operator-share mobilink': 150n,
    tax: 75n,
    revenue: 55n,
  });
  let refundedMinor = 0n;
  for (const amountMinor of [100n, 1n, 399n, 1n]) {
    made += 1n;
    const id = toUuid({ customerId: 5n, id: made });
    const refund = { id, reference: 'refund', charge: one, amountMinor, refundedMinor };
    await ledger.submit(await ledger.refunds([refund]));
    refundedMinor += amountMinor;
  }
  assert.deepEqual(await balances(), {});
});

test('a refund beyond what the partner still has is its debt, and the next charge pays that first', async () => {
  const one = charge(1000n);
  await ledger.submit(await ledger.charges([one]));
  const names = ['payout', 'payout-sent'].map((type) => ({
    type,
    clientId: 'band',
    currency: 'PKR',
  }));
  const [payout, sent] = await ledger.open(names);
  assert.ok(payout && sent);
  const paidOut = {
    ...{ id: toUuid({ customerId: 9n, id: 1n }), kind: 'payout', reference: 'paid out' },
    lines: [
      { account: payout, amountMinor: -333n },
      { account: sent, amountMinor: 333n },
    ],
  };
  assert.equal((await ledger.submit([paidOut])).outcome, 'posted');
  made += 1n;
  const id = toUuid({ customerId: 5n, id: made });
  const refund = { id, reference: 'refund', charge: one, amountMinor: 1000n, refundedMinor: 0n };
  assert.equal((await ledger.submit(await ledger.refunds([refund]))).outcome, 'posted');
  assert.deepEqual(await balances(), { 'payout-debt band': -333n, 'payout-sent band': 333n });
  await ledger.submit(await ledger.charges([charge(1000n)]));
  assert.equal((await balances())['payout-debt band'], undefined);
  assert.equal((await balances())['payout band'], undefined);
});

test('a statement closes what the gateway owes, line by line, and tells what it could not match', async () => {
  const [first, second, third] = [charge(500n), charge(500n), charge(700n)];
  await ledger.submit(await ledger.charges([first, second, third]));
  const before = await balances();
  const idOf = ({ id }: Charge) => BigInt(`0x${id.replaceAll('-', '').slice(0, 16)}`);
  const text = `transaction_id,gross_minor,fee_minor,operator_share_minor
${idOf(first)},500,10,150
${idOf(second)},499,10,150
99999,500,10,150
${idOf(third)},700,0,210
`;
  const seen: number[] = [];
  const statement = statementOf('2026-11', text);
  const result = await ledger.importSettlement(statement, (lines) => seen.push(lines));
  assert.deepEqual(result, {
    ...{ posted: 2, grossMinor: 1200n, leftInAll: 2 },
    left: [
      { line: 2, transactionId: String(idOf(second)), why: 'amount_differs' },
      { line: 3, transactionId: '99999', why: 'unknown' },
    ],
  });
  assert.deepEqual(seen, [4]);
  const after = await balances();
  assert.equal((after['receivable mobilink'] ?? 0n) - (before['receivable mobilink'] ?? 0n), 1200n);
  assert.equal(after.clearing, -830n);
  assert.equal(after['fees mobilink'], -10n);
  const again = await ledger.importSettlement(statement);
  assert.deepEqual(again, result);
  assert.deepEqual(await balances(), after);
  await assert.rejects(ledger.importSettlement({ ...statement, hash: 'other bytes' }), {
    code: 'settlement_repeated',
  });
  const later = statementOf(
    '2026-12',
    `transaction_id,gross_minor,fee_minor,operator_share_minor\n${idOf(first)},500,10,150\n`,
  );
  const repeated = await ledger.importSettlement(later);
  assert.deepEqual(
    repeated.left.map(({ why }) => why),
    ['repeated'],
  );
  assert.deepEqual(await balances(), after);
});

test('a statement of a gateway or in a currency that nothing was collected in leaves nothing behind', async () => {
  const { rows: before } = await sql`select id from ledger.account`.execute(database.pool);
  const statement = statementOf(
    'typo',
    'transaction_id,gross_minor,fee_minor,operator_share_minor\n1,500,0,0\n',
  );
  for (const wrong of [{ gateway: 'mobilnik' }, { currency: 'EUR' }, { statement: '' }]) {
    await assert.rejects(ledger.importSettlement({ ...statement, ...wrong }), {
      code: 'settlement_invalid',
    });
  }
  const { rows: after } = await sql`select id from ledger.account`.execute(database.pool);
  assert.deepEqual(after, before);
  const { rows } = await sql`select from ledger.settlement where statement in ('typo', '')`.execute(
    database.pool,
  );
  assert.equal(rows.length, 0);
});

test('facts are taken oldest first, once, and again when they were given back', async () => {
  const [account] = await ledger.open([{ type: 'payout', clientId: 'label', currency: 'PKR' }]);
  assert.ok(account);
  // Of 500 and 700: 11.11 per cent, each rounded down.
  const all = 55n + 77n;
  const order = { account: account.id, holder: 'payout 1', amountMinor: 100n };
  const [fact] = await ledger.takeCash(order);
  assert.deepEqual(fact, { ...fact, reference: 'mobilink/2026-11', amountMinor: 100n });
  assert.deepEqual(await ledger.takeCash(order), [fact]);
  await assert.rejects(ledger.takeCash({ ...order, amountMinor: 99n }), {
    code: 'holder_conflict',
  });
  const rest = await Promise.all(
    [2, 3].map((n) => ledger.takeCash({ ...order, holder: `payout ${n}` })),
  );
  const taken = rest.flat().reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  assert.equal(taken, all - 100n);
  await ledger.returnCash('payout 1');
  await ledger.returnCash('payout 1');
  await ledger.returnCash('nobody');
  assert.deepEqual(await ledger.takeCash({ ...order, holder: 'nobody' }), []);
  assert.deepEqual(await ledger.takeCash(order), []);
  const [again] = await ledger.takeCash({ ...order, holder: 'payout 4' });
  assert.equal(again?.amountMinor, 100n);
});

test('a statement that is bad is refused by line and column, and nothing of it is imported', () => {
  const head = 'transaction_id,gross_minor,fee_minor,operator_share_minor';
  const odd = [
    ['', /the head lacks transaction_id/],
    ['transaction_id,gross_minor,fee_minor\n1,2,3', /lacks operator_share_minor/],
    [`${head}\n1,2.5,0,0`, /line 1: gross_minor must be a whole number/],
    [`${head}\n1,2,0,0\nx,2,0,0`, /line 2: transaction_id must be/],
    [`${head}\n1,2,0,0\n1,2,0,0`, /line 2 repeats transaction 1 of line 1/],
    [`${head}\n1,2,0`, /can not be read/],
    [`${head}\n1,9999999999999999,0,0`, /gross_minor/],
  ] as const;
  for (const [text, why] of odd) assert.throws(() => parseStatement(text), why, text);
});

test('a contract gives away at most the whole, and a version never changes', async () => {
  const terms = {
    ...{ service: 'other', operator: 'mobilink', validFrom: new Date(0) },
    ...{ operatorBasisPoints: 5000, taxBasisPoints: 0 },
  };
  const add = (basisPoints: number, clientId = 'band') =>
    database.transaction((tx) =>
      ledger.contracts.add(tx, { ...terms, partners: [{ clientId, basisPoints }] }),
    );
  for (const basisPoints of [5001, -1, 0.5])
    await assert.rejects(add(basisPoints), { code: 'contract_invalid' });
  await assert.rejects(add(1, ''), { code: 'contract_invalid' });
  const versions = await Promise.all([add(5000), add(4000), add(3000)]);
  assert.deepEqual(versions.map(({ version }) => version).sort(), [1, 2, 3]);
  const newest = versions.find(({ version }) => version === 3);
  const now = await ledger.contracts.now();
  assert.equal(now('other', 'mobilink')?.id, newest?.id);
  assert.equal(now('other', 'elsewhere'), undefined);
  await assert.rejects(sql`update ledger.contract set version = 9`.execute(database.pool), {
    code: 'LG001',
  });
});
