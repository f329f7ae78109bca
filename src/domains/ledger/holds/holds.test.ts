import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { uuidV7 } from '#ids';
import type { Account } from '#ledger/account';
import { move, testLedger } from '#ledger/stage';
import { credit, debit } from '#ledger/transfers';
import { testDatabase } from '#testing';
import type { NewHold } from './hold.ts';

const HOUR_MS = 3_600_000;
const database = await testDatabase();
const clock = createFakeClock(new Date('2026-03-01T10:00:00Z'));
const ledger = await testLedger(database, clock);
let clients = 0;

/** A source, and two purses with so much in them. */
async function openFunded(amountMinor: bigint): Promise<[Account, Account, Account]> {
  clients += 1;
  const name = { currency: 'RUB', clientId: `client ${clients}` };
  const [source, purse, second] = (await ledger.open([
    { ...name, type: 'source' },
    { ...name, type: 'purse' },
    { ...name, type: 'purse', label: 'second' },
  ])) as [Account, Account, Account];
  await ledger.submit([move(source, purse, amountMinor), move(source, second, amountMinor)]);
  return [source, purse, second];
}

function holdOf(account: Account, amountMinor: bigint, more: Partial<NewHold> = {}): NewHold {
  return {
    ...{ id: uuidV7(), kind: 'test', reference: 'a test', parts: [{ account, amountMinor }] },
    ...{ expiresAt: new Date(clock.nowMs() + HOUR_MS), ...more },
  };
}

const reserve = (...holds: NewHold[]) => database.transaction((tx) => ledger.reserve(tx, holds));
const settle = (hold: NewHold, transfer: ReturnType<typeof move>) =>
  database.transaction((tx) => ledger.settle(tx, { hold: hold.id, transfer }));
const release = (...holds: NewHold[]) =>
  database.transaction((tx) =>
    ledger.release(
      tx,
      holds.map(({ id }) => id),
    ),
  );

async function balanceOf({ id }: Account) {
  const { availableMinor, balanceMinor, heldMinor } = await ledger.account(id);
  return [balanceMinor, heldMinor, availableMinor];
}

test('what is set aside stays where it is, and nobody else can spend it', async () => {
  const [source, purse] = await openFunded(500n);
  assert.deepEqual(await reserve(holdOf(purse, 300n)), { outcome: 'reserved', repeated: [] });
  assert.deepEqual(await balanceOf(purse), [500n, 300n, 200n]);
  const refused = await ledger.submit([move(purse, source, 201n)]);
  assert.ok(refused.outcome === 'refused' && refused.account === purse.id);
  assert.equal((await ledger.submit([move(purse, source, 200n)])).outcome, 'posted');
  const none = await reserve(holdOf(purse, 1n));
  assert.ok(
    none.outcome === 'refused' && none.reason === 'below_zero' && none.account === purse.id,
  );
});

test('settling posts at most what was set aside, and frees the rest; once', async () => {
  const [source, purse] = await openFunded(500n);
  const hold = holdOf(purse, 300n);
  await reserve(hold);
  const tooMuch = settle(hold, move(purse, source, 301n));
  await assert.rejects(tooMuch, { code: 'hold_exceeded' });
  assert.deepEqual(await balanceOf(purse), [500n, 300n, 200n]);
  const transfer = move(purse, source, 120n);
  assert.deepEqual(await settle(hold, transfer), { outcome: 'posted', repeated: [] });
  assert.deepEqual(await balanceOf(purse), [380n, 0n, 380n]);
  assert.deepEqual(await settle(hold, transfer), { outcome: 'posted', repeated: [transfer.id] });
  const other = await settle(hold, move(purse, source, 120n));
  assert.deepEqual(other, { outcome: 'ended', state: 'posted' });
  assert.deepEqual(await release(hold), { outcome: 'ended', hold: hold.id, state: 'posted' });
  assert.deepEqual(await balanceOf(purse), [380n, 0n, 380n]);
  assert.equal((await ledger.hold(hold.id)).transfer, transfer.id);
});

test('a settling takes nothing from an account where nothing was set aside', async () => {
  const [source, purse, second] = await openFunded(500n);
  const hold = holdOf(purse, 300n);
  await reserve(hold);
  const lines = [debit(purse, 100n), debit(second, 1n), credit(source, 101n)];
  const transfer = { ...move(purse, source, 1n), lines };
  await assert.rejects(settle(hold, transfer), { code: 'hold_exceeded' });
  for (const way of [{ fact: true }, { upTo: true }])
    await assert.rejects(settle(hold, move(purse, source, 1n, way)), {
      code: 'transfer_malformed',
    });
  assert.deepEqual(await balanceOf(purse), [500n, 300n, 200n]);
});

test('a transfer that was posted without the hold does not settle it', async () => {
  const [source, purse] = await openFunded(500n);
  const [hold, transfer] = [holdOf(purse, 300n), move(purse, source, 100n)];
  await reserve(hold);
  await ledger.submit([transfer]);
  const settled = await settle(hold, transfer);
  assert.ok(settled.outcome === 'refused' && settled.reason === 'conflict');
  assert.deepEqual(await balanceOf(purse), [400n, 300n, 100n]);
  assert.equal((await ledger.hold(hold.id)).state, 'open');
});

test('what is released is free again; asked again it is the same', async () => {
  const [source, purse, second] = await openFunded(500n);
  const holds = [holdOf(purse, 300n), holdOf(second, 500n)];
  await reserve(...holds);
  assert.deepEqual(await release(...holds), { outcome: 'released', repeated: [] });
  assert.deepEqual(await release(...holds), {
    outcome: 'released',
    repeated: holds.map(({ id }) => id),
  });
  assert.deepEqual(await balanceOf(purse), [500n, 0n, 500n]);
  assert.deepEqual(await settle(holds[0] as NewHold, move(purse, source, 1n)), {
    ...{ outcome: 'ended', state: 'voided' },
  });
  await assert.rejects(release(holdOf(purse, 1n)), { code: 'hold_unknown' });
});

test('a hold that nobody ends is given back when its time is over, and not settled any more', async () => {
  const [source, purse] = await openFunded(500n);
  const [early, late] = [
    holdOf(purse, 100n),
    holdOf(purse, 50n, { expiresAt: new Date(clock.nowMs() + 2 * HOUR_MS) }),
  ];
  await reserve(early, late);
  clock.advanceMs(HOUR_MS);
  assert.deepEqual(await settle(early, move(purse, source, 1n)), {
    ...{ outcome: 'ended', state: 'expired' },
  });
  assert.deepEqual(await balanceOf(purse), [500n, 150n, 350n]);
  assert.ok((await ledger.expire()) >= 1);
  assert.equal(await ledger.expire(), 0);
  assert.deepEqual(await balanceOf(purse), [500n, 50n, 450n]);
  assert.deepEqual(await release(early), {
    ...{ outcome: 'ended', hold: early.id, state: 'expired' },
  });
  assert.deepEqual(await reserve(early), { outcome: 'reserved', repeated: [early.id] });
});

test('holds are set aside whole or not at all, and each once', async () => {
  const [, purse, second] = await openFunded(500n);
  const set = [holdOf(purse, 400n), holdOf(second, 100n), holdOf(purse, 101n)];
  const refused = await reserve(...set);
  assert.ok(refused.outcome === 'refused' && refused.hold === set[2]?.id);
  assert.deepEqual(await balanceOf(second), [500n, 0n, 500n]);
  const hold = holdOf(purse, 400n);
  const asked = await Promise.all(Array.from({ length: 10 }, () => reserve(hold)));
  assert.ok(asked.every(({ outcome }) => outcome === 'reserved'));
  assert.deepEqual(await balanceOf(purse), [500n, 400n, 100n]);
  const other = await reserve({ ...hold, parts: [{ account: purse, amountMinor: 1n }] });
  assert.ok(other.outcome === 'refused' && other.reason === 'conflict');
});

test('two callers of one hold id for different accounts meet: one of them is a conflict', async () => {
  const [, purse, second] = await openFunded(500n);
  const id = uuidV7();
  const asked = [purse, second].map((account) => reserve(holdOf(account, 10n, { id })));
  const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes.sort(), ['refused', 'reserved']);
});

test('what is malformed is refused by its field', async () => {
  const [, purse] = await openFunded(500n);
  const part = { account: purse, amountMinor: 1n };
  const odd: readonly (readonly [Partial<NewHold>, string])[] = [
    [{ id: 'x' }, 'id'],
    [{ kind: 'Two words' }, 'kind'],
    [{ parts: [] }, 'parts'],
    [{ parts: [{ ...part, amountMinor: 0n }] }, 'parts.0.amount_minor'],
    [{ parts: [{ ...part, amountMinor: 10n ** 16n }] }, 'parts.0.amount_minor'],
    [{ parts: [part, part] }, 'parts.1'],
    [{ expiresAt: clock.now() }, 'expires_at'],
    [{ expiresAt: new Date(clock.nowMs() + 400 * 24 * HOUR_MS) }, 'expires_at'],
    [{ expiresAt: new Date('nonsense') }, 'expires_at'],
  ];
  for (const [more, field] of odd) {
    await assert.rejects(
      reserve(holdOf(purse, 1n, more)),
      (error: { faults: { field: string }[] }) => error.faults[0]?.field === field,
      field,
    );
  }
});

test('in the transaction of a caller a hold stands and falls with it', async () => {
  const [, purse] = await openFunded(500n);
  const hold = holdOf(purse, 10n);
  await assert.rejects(
    database.transaction(async (tx) => {
      await ledger.reserve(tx, [hold]);
      throw new Error('the caller fails');
    }),
    /the caller fails/,
  );
  await assert.rejects(ledger.hold(hold.id), { code: 'hold_unknown' });
  assert.deepEqual(await balanceOf(purse), [500n, 0n, 500n]);
});

test('whoever begins, settles, releases, expires and posts at once never waits in a circle', async () => {
  const [source, ...purses] = await openFunded(100_000n);
  const [other, ...others] = await openFunded(100_000n);
  const all = [...purses, ...others];
  const at = (n: number) => all[n % all.length] as Account;
  let n = 0;
  const one = async () => {
    n += 1;
    const [first, second] = n % 2 === 0 ? [at(n), at(n + 1)] : [at(n + 1), at(n)];
    const parts = [
      { account: first, amountMinor: 2n },
      { account: second, amountMinor: 3n },
    ];
    const hold = holdOf(first, 1n, {
      parts,
      ...(n % 5 === 0 ? { expiresAt: new Date(clock.nowMs() + 1) } : {}),
    });
    const late = await reserve(hold).catch((error: { code: string }) => error.code);
    // The others have moved the clock past its end meanwhile.
    if (late === 'hold_malformed') return;
    const lines = [debit(second, 3n), debit(first, 1n), credit(n % 2 ? source : other, 4n)];
    if (n % 3 === 0) await release(hold);
    else await settle(hold, { ...move(first, source, 1n), lines });
  };
  const work = Array.from({ length: 8 }, async () => {
    for (let turn = 0; turn < 15; turn += 1) {
      await one();
      await ledger.submit([move(at(turn), at(turn + 1), 5n), move(at(turn + 2), at(turn), 5n)]);
      if (turn === 7) clock.advanceMs(1);
      await ledger.expire(3);
    }
  });
  await Promise.all(work);
  while ((await ledger.expire()) > 0);
  assert.equal(database.deadlocks.count, 0);
  const { rows } = await sql<{ deadlocks: bigint }>`
    select deadlocks from pg_stat_database where datname = current_database()`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.deadlocks, 0n);
  assert.deepEqual((await ledger.verify()).findings, []);
});
