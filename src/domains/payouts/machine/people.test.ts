import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import type { AccountSystem } from '#payouts/accounts';
import { approvalHash } from '#payouts/payout';
import { type MadePayout, setStage } from '#payouts/stage';
import { eventually, testDatabase } from '#testing';

const database = await testDatabase();
const between: { move?: (order: Parameters<AccountSystem['move']>[0]) => Promise<void> } = {};
const stage = await setStage(database, {
  approvalAbove: new Map([['RUB', 5000n]]),
  wrap: (accounts) => ({
    ...accounts,
    move: async (order) => {
      await between.move?.(order);
      return accounts.move(order);
    },
  }),
});
const { ask, clock, conflictOf, erp, judge, machine, moneyOf, says, stateOf, stepsOf } = stage;
await erp.start();
after(async () => {
  await erp.stop();
  await stage.bus.close();
});

const hashOf = ({ account, clientId }: MadePayout, amountMinor = 6000n) =>
  approvalHash({ amountMinor, currency: 'RUB', account, clientId });

function decide(payout: MadePayout, approver: string, more: { hash?: string; refuse?: true } = {}) {
  const { hash = hashOf(payout), refuse } = more;
  const decision = refuse ? ('refuse' as const) : ('approve' as const);
  return database.transaction((tx) =>
    machine.decide(tx, { id: payout.id, decision, approver, hash, comment: 'looked at it' }),
  );
}

const by = { by: 'key_staff', reason: 'asked by phone' };
const cancel = ({ id }: MadePayout) =>
  database.transaction((tx) => machine.cancel(tx, { id, ...by }));
const resolve = ({ id }: MadePayout, as: 'paid' | 'rejected') =>
  database.transaction((tx) => machine.resolve(tx, { id, as, ...by }));

async function large(): Promise<MadePayout> {
  const payout = await ask({ amount: 6000n });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'needs_approval');
  return payout;
}

async function wasSent(payout: MadePayout): Promise<boolean> {
  return (await erp.heard()).some(({ erp_id: erpId }) => erpId === payout.erpId);
}

test('a large payout goes out when two people have approved it, and not before', async () => {
  const payout = await large();
  await decide(payout, 'key_1');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'needs_approval');
  assert.equal((await moneyOf(payout)).has, 6000n, 'its money has not moved');
  await decide(payout, 'key_2');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
});

test('one person is one, however often; who asked is none; what has changed counts for nothing', async () => {
  const payout = await large();
  await decide(payout, 'key_1');
  await assert.rejects(decide(payout, 'key_1'), { code: 'approval_given' });
  await assert.rejects(decide(payout, 'key_asker'), { code: 'approval_of_own_request' });
  await assert.rejects(decide(payout, 'key_2', { hash: hashOf(payout, 5999n) }), {
    code: 'approval_outdated',
  });
  // As if it had been changed behind our back: the hash that stands there is not of what stands there.
  await sql`update payouts.payout set amount_minor = 6001 where id = ${payout.id}`.execute(
    database.pool,
  );
  await assert.rejects(decide(payout, 'key_2'), { code: 'approval_outdated' });
  await assert.rejects(decide(payout, 'key_2', { hash: hashOf(payout, 6001n) }), {
    code: 'approval_outdated',
  });
  assert.equal(await stateOf(payout), 'needs_approval');
});

test('the database itself lets nobody past the approvals', async () => {
  const payout = await large();
  await decide(payout, 'key_1');
  const push = sql`update payouts.payout set state = 'approved' where id = ${payout.id}`;
  await assert.rejects(push.execute(database.pool), /approvals are missing/);
  const approve = (approver: string, hash: string) =>
    sql`insert into payouts.approval (payout_id, approver, decision, hash, at)
      values (${payout.id}, ${approver}, 'approve', ${hash}, ${clock.now()})`.execute(
      database.pool,
    );
  await assert.rejects(approve('key_asker', hashOf(payout)), /who asked does not approve/);
  await assert.rejects(approve('key_2', 'f'.repeat(64)), /does not wait for it/);
  await assert.rejects(
    sql`delete from payouts.approval where payout_id = ${payout.id}`.execute(database.pool),
    /only ever added to/,
  );
});

test('two people at once: it is approved once', async () => {
  const payout = await large();
  await Promise.all([decide(payout, 'key_1'), decide(payout, 'key_2')]);
  assert.deepEqual(await stepsOf(payout), ['create', 'check', 'require_approval', 'approve']);
});

test('refused, it ends, and its money was never touched', async () => {
  const payout = await large();
  await decide(payout, 'key_1');
  await decide(payout, 'key_2', { refuse: true });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'cancelled');
  assert.equal((await moneyOf(payout)).has, 6000n);
  await assert.rejects(decide(payout, 'key_3'), { code: 'approval_not_awaited' });
});

test('what nobody approves for thirty days ends by itself', async () => {
  const payout = await large();
  clock.advanceMs(29 * 86_400_000);
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'needs_approval');
  clock.advanceMs(86_400_000);
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'cancelled');
  assert.match((await machine.find(payout.id))?.reason ?? '', /30 days/);
});

test("a client's own limit comes before the setting, in its currency only", async () => {
  const clientId = 'a careful client';
  const limit = { clientId, by: 'key_staff' };
  await machine.limit({ ...limit, currency: 'RUB', aboveMinor: 10n });
  await machine.limit({ ...limit, currency: 'PKR', aboveMinor: 1_000_000n });
  const payout = await ask({ clientId, amount: 11n });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'needs_approval');
  await cancel(payout);
  await machine.limit({ ...limit, currency: 'RUB', aboveMinor: null });
  const next = await ask({ clientId, amount: 11n });
  await machine.gate.round();
  assert.equal(await stateOf(next), 'in_flight');
});

test('a held client gets nothing: what is new, what waits for approvals, what is approved', async () => {
  const clientId = 'a held client';
  const waiting = await ask({ clientId, amount: 6000n });
  await machine.gate.round();
  const held = await machine.hold({ clientId, reason: 'under investigation', by: 'key_staff' });
  assert.equal(held.held_by, 'key_staff');
  assert.equal(await stateOf(waiting), 'on_hold');
  await assert.rejects(decide(waiting, 'key_1'), { code: 'approval_not_awaited' });
  await machine.release({ clientId, by: 'key_staff' });
  await machine.gate.round();
  assert.equal(await stateOf(waiting), 'needs_approval');
  await decide(waiting, 'key_1');
  await decide(waiting, 'key_2');
  await machine.hold({ clientId, reason: 'again', by: 'key_staff' });
  await machine.gate.round();
  assert.equal(await stateOf(waiting), 'on_hold');
  assert.equal((await machine.find(waiting.id))?.reason, 'again');
  await machine.release({ clientId, by: 'key_staff' });
  await machine.gate.round();
  assert.equal(await stateOf(waiting), 'in_flight', 'both approvals still count');
});

test('a payout of a client that is held already is put on hold at its check', async () => {
  const clientId = 'held before';
  await machine.hold({ clientId, reason: 'new partner', by: 'key_staff' });
  const payout = await ask({ clientId });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'on_hold');
  await machine.release({ clientId, by: 'key_staff' });
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
});

test('a hold or a cancellation that comes while its money is reserved is honoured before it is sent', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const [held, cancelled] = [await ask(), await ask()];
  between.move = async ({ account, movement }) => {
    if (movement !== 'reserve') return;
    if (account.account === held.account)
      await machine.hold({ clientId: held.clientId, reason: 'stop', by: 'key_staff' });
    if (account.account === cancelled.account) await cancel(cancelled);
  };
  await machine.gate.round();
  delete between.move;
  await machine.gate.round();
  assert.equal(await stateOf(held), 'reserved');
  assert.equal((await machine.find(held.id))?.held, true);
  assert.equal(await stateOf(cancelled), 'cancelled');
  assert.deepEqual(await moneyOf(cancelled), { has: 1000n, reserved: 0n, sent: 0n });
  assert.equal((await wasSent(held)) || (await wasSent(cancelled)), false);
  assert.deepEqual(await judge(), []);
  await cancel(held);
  await machine.gate.round();
  assert.deepEqual(await moneyOf(held), { has: 1000n, reserved: 0n, sent: 0n });
});

test('a hold that is being written while a payout is about to be sent is waited for, and honoured', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const payout = await ask();
  const { clientId } = payout;
  between.move = async () => {
    await machine.hold({ clientId, reason: 'for a while', by: 'key_staff' });
  };
  await machine.gate.round();
  delete between.move;
  await machine.release({ clientId, by: 'key_staff' });
  assert.equal(await stateOf(payout), 'reserved');
  let round: Promise<unknown> | undefined;
  await database.transaction(async (tx) => {
    await sql`update payouts.client set held_at = now(), held_by = 'key_staff', held_reason = 'stop'
      where client_id = ${clientId}`.execute(tx);
    round = machine.gate.round();
    await eventually(async () => assert.ok((await countBlocked()) > 0));
  });
  await round;
  assert.equal(await stateOf(payout), 'reserved');
  assert.equal(await wasSent(payout), false);
});

async function countBlocked(): Promise<number> {
  const { rows } = await sql`select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(database.pool);
  return rows.length;
}

test('once it is being sent nothing stops it', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const payout = await ask();
  between.move = async ({ movement }) => {
    if (movement !== 'send') return;
    await assert.rejects(cancel(payout), { code: 'payout_sent' });
    await machine.hold({ clientId: payout.clientId, reason: 'too late', by: 'key_staff' });
  };
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
  await assert.rejects(cancel(payout), { code: 'payout_sent' });
  await says(payout, 'PAID');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid', 'what the ERP says of it is followed all the same');
});

test('an ended payout is not cancelled again', async () => {
  const payout = await ask();
  await cancel(payout);
  await assert.rejects(cancel(payout), { code: 'payout_ended' });
  await assert.rejects(cancel({ ...payout, id: 1n }), { code: 'payout_unknown' });
});

test('holds and sending at once: after a hold was answered nothing of the client is sent', async () => {
  for (let n = 0; n < 10; n += 1) {
    const payout = await ask();
    const round = machine.gate.round();
    await machine.hold({ clientId: payout.clientId, reason: 'race', by: 'key_staff' });
    const { moving, state } = (await machine.find(payout.id)) ?? {};
    const gone = moving === 'send' || state === 'in_flight';
    await round;
    await machine.gate.round();
    assert.equal(await wasSent(payout), gone, `${n}: it was ${state}, ${moving}`);
  }
  assert.deepEqual(await judge(), []);
});

async function conflicted(first: string, second: string): Promise<MadePayout> {
  const payout = await ask();
  await machine.gate.round();
  for (const word of [first, second]) {
    await says(payout, word);
    await machine.gate.round();
  }
  assert.notEqual(await conflictOf(payout), null);
  return payout;
}

test('people end a conflict as paid or as rejected, and the money follows', async () => {
  const cases = [
    ['PAID', 'REJECTED', 'paid', 'paid', 0n],
    ['PAID', 'REJECTED', 'rejected', 'returned', 1000n],
    ['REJECTED', 'PAID', 'rejected', 'rejected', 1000n],
    ['REJECTED', 'PAID', 'paid', 'paid', 0n],
    ['ACK', 'STRANGE', 'paid', 'paid', 0n],
    ['ACK', 'STRANGE', 'rejected', 'rejected', 1000n],
  ] as const;
  for (const [first, second, as, state, has] of cases) {
    const payout = await conflicted(first, second);
    await resolve(payout, as);
    await machine.gate.round();
    assert.equal(await stateOf(payout), state, `${first} ${second} as ${as}`);
    assert.equal(await conflictOf(payout), null);
    assert.deepEqual(await moneyOf(payout), { has, reserved: 0n, sent: 0n });
    assert.ok((await stepsOf(payout)).includes('resolve'));
    await assert.rejects(resolve(payout, as), { code: 'conflict_absent' });
  }
  assert.deepEqual(await judge(), []);
});

test('a rejected payout that was paid all the same, whose money has gone out again, becomes a debt', async () => {
  const payout = await conflicted('REJECTED', 'PAID');
  const next = await ask({ clientId: payout.clientId, amount: 1001n, earned: 1n });
  await machine.gate.round();
  assert.equal(await stateOf(next), 'in_flight');
  await resolve(payout, 'paid');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'paid');
  const [debt] = await stage.ledger.open([
    { type: 'payout-debt', clientId: payout.clientId, currency: 'RUB' },
  ]);
  const { rows } = await sql<{ posted: bigint }>`
    select posted from ledger.balance where account_id = ${debt?.id ?? 0n}`.execute(database.pool);
  assert.equal(rows[0]?.posted, -1000n);
  assert.deepEqual(await judge(), []);
});

test('a silence can be ended as well, and only when it has lasted', async () => {
  const payout = await ask();
  await machine.gate.round();
  await assert.rejects(resolve(payout, 'rejected'), { code: 'conflict_absent' });
  clock.advanceMs(3_600_000);
  assert.equal((await machine.find(payout.id))?.silent, true);
  await says(payout, 'ACK');
  assert.equal((await machine.find(payout.id))?.silent, false, 'a word ends the silence');
  clock.advanceMs(3_600_000);
  await resolve(payout, 'rejected');
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'rejected');
});

test('what can not become what people say is refused, and nothing changes', async () => {
  const payout = await ask();
  await cancel(payout);
  await says(payout, 'PAID');
  assert.match((await conflictOf(payout)) ?? '', /never sent/);
  await assert.rejects(resolve(payout, 'paid'), { code: 'resolution_impossible' });
  await resolve(payout, 'rejected');
  assert.equal(await stateOf(payout), 'cancelled');
  assert.equal(await conflictOf(payout), null);
});
