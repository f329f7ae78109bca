import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { AppError } from '#errors';
import type { AccountSystem } from '#payouts/accounts';
import { setStage } from '#payouts/stage';
import { testDatabase } from '#testing';

const database = await testDatabase();
/** What stands between the machine and the accounts; a test may put something else there. */
const between: { move?: (order: Parameters<AccountSystem['move']>[0]) => Promise<void> } = {};
const stage = await setStage(database, {
  wrap: (accounts) => ({
    ...accounts,
    move: async (order) => {
      await between.move?.(order);
      return accounts.move(order);
    },
  }),
});
const { ask, erp, judge, machine, moneyOf, says, stateOf, stepsOf } = stage;
await erp.start();
after(async () => {
  await erp.stop();
  await stage.bus.close();
});

async function sent(erpId: string) {
  return (await erp.heard()).filter((one) => one.erp_id === erpId);
}

test('a payout is checked, reserved and sent with its facts, and the ERP is told once', async () => {
  const payout = await ask({ amount: 700n, earned: 1000n });
  await machine.gate.round();
  assert.deepEqual(await stepsOf(payout), ['create', 'check', 'approve', 'reserve', 'send']);
  assert.deepEqual(await moneyOf(payout), { has: 300n, reserved: 0n, sent: 700n });
  const [told, ...more] = await sent(payout.erpId);
  assert.deepEqual(more, []);
  assert.equal(told?.amount_minor, 700);
  assert.equal(told?.account, payout.account);
  assert.deepEqual(
    told?.cash_payment_facts.map(({ amount_minor }) => amount_minor),
    [700],
  );
  assert.equal(await machine.gate.round(), 0, 'nothing is left to be done');
  assert.deepEqual(await judge(), []);
});

test('never more than there is: the balance has shrunk since it was created', async () => {
  const payout = await ask({ amount: 1000n, earned: 400n });
  await machine.gate.round();
  assert.deepEqual(await moneyOf(payout), { has: 0n, reserved: 0n, sent: 400n });
  assert.equal((await sent(payout.erpId))[0]?.amount_minor, 400);
});

test('nothing is left: it is cancelled, and nobody is told', async () => {
  const first = await ask({ amount: 500n });
  await machine.gate.round();
  await says(first, 'PAID');
  await machine.gate.round();
  const second = await ask({ amount: 500n, earned: 1n, clientId: first.clientId });
  between.move = async ({ movement }) => {
    if (movement !== 'reserve') return;
    between.move = async () => {};
    const [from] = await stage.ledger.open([
      { type: 'payout', clientId: first.clientId, currency: 'RUB' },
    ]);
    const [to] = await stage.ledger.open([{ type: 'clearing', currency: 'RUB' }]);
    assert.ok(from && to);
    await stage.ledger.submit([
      {
        ...{ id: crypto.randomUUID(), kind: 'test', reference: 'spent meanwhile' },
        lines: [
          { account: from, amountMinor: -1n },
          { account: to, amountMinor: 1n },
        ],
      },
    ]);
  };
  await machine.gate.round();
  assert.equal(await stateOf(second), 'cancelled');
  assert.deepEqual(await sent(second.erpId), []);
  assert.deepEqual(await judge(), []);
});

test('what no fact covers is told as uncovered', async () => {
  const payout = await ask({ amount: 1000n, earned: 300n });
  const [account] = await stage.ledger.open([
    { type: 'payout', clientId: payout.clientId, currency: 'RUB' },
  ]);
  const [source] = await stage.ledger.open([
    { type: 'receivable', clientId: 'gateway', currency: 'RUB' },
  ]);
  assert.ok(account && source);
  await stage.ledger.submit([
    {
      ...{ id: crypto.randomUUID(), kind: 'test', reference: 'not settled yet' },
      lines: [
        { account: source, amountMinor: -200n },
        { account, amountMinor: 200n },
      ],
    },
  ]);
  await machine.gate.round();
  const view = await machine.find(payout.id);
  assert.equal(view?.reserved_minor, 500n);
  assert.equal(view?.uncovered_minor, 200n);
  assert.deepEqual(await judge(), []);
});

test('while the system of accounts is away nothing is lost, and the payout says why it waits', async (t) => {
  const payout = await ask();
  t.after(() => {
    delete between.move;
  });
  for (const movement of ['reserve', 'send']) {
    between.move = async (order) => {
      if (order.movement === movement)
        throw new AppError('unavailable', 'accounts_away', 'Nobody answers.');
    };
    await machine.gate.round();
    assert.match((await machine.find(payout.id))?.trouble ?? '', /Nobody answers/);
    assert.deepEqual(await judge(), []);
    await skipPauses();
  }
  delete between.move;
  await machine.gate.round();
  assert.equal(await stateOf(payout), 'in_flight');
  assert.equal((await machine.find(payout.id))?.trouble, null);
  assert.equal((await sent(payout.erpId)).length, 1);
  assert.deepEqual(await judge(), []);
});

test('an answer that is lost: the money has moved, and moves once', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const payout = await ask();
  const accounts = stage.accounts;
  let lost = 0;
  between.move = async (order) => {
    await accounts.move(order);
    lost += 1;
    throw new AppError('unavailable', 'accounts_away', 'The answer is lost.');
  };
  for (let n = 0; n < 3; n += 1) {
    await machine.gate.round();
    await skipPauses();
  }
  assert.equal(lost, 3, 'the first step was tried again and again');
  delete between.move;
  await machine.gate.round();
  assert.deepEqual(await moneyOf(payout), { has: 0n, reserved: 0n, sent: 1000n });
  assert.deepEqual(await judge(), []);
});

test('one that can not be moved holds up no other', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const [bad, good] = [await ask(), await ask()];
  between.move = async ({ account }) => {
    if (account.account === bad.account) throw new Error('a fault of its own');
  };
  await machine.gate.round();
  assert.equal(await stateOf(bad), 'approved');
  assert.equal(await stateOf(good), 'in_flight');
  const [listed] = await machine.list({
    clientId: bad.clientId,
    state: null,
    before: null,
    limit: 2,
  });
  assert.match(listed?.trouble ?? '', /a fault of its own/);
  delete between.move;
  await skipPauses();
  await machine.gate.round();
  assert.equal(await stateOf(bad), 'in_flight');
});

test('a full batch is followed by the next without a pause', async () => {
  const small = await setStage(database, { senderLimit: 3 });
  const payouts = [];
  for (let n = 0; n < 10; n += 1) payouts.push(await small.ask());
  await small.machine.gate.round();
  for (const payout of payouts) assert.equal(await stateOf(payout), 'in_flight');
  assert.deepEqual(await judge(), []);
  await small.bus.close();
});

test('two copies side by side send each payout once', async () => {
  const other = await setStage(database, { senderLimit: 4 });
  const payouts = [];
  for (let n = 0; n < 40; n += 1) payouts.push(await ask());
  const rounds = [machine.gate, other.machine.gate, machine.gate, other.machine.gate];
  await Promise.all(rounds.map((gate) => gate.round()));
  await machine.gate.round();
  for (const payout of payouts) {
    assert.equal(await stateOf(payout), 'in_flight');
    assert.equal((await sent(payout.erpId)).length, 1);
  }
  assert.deepEqual(await judge(), []);
  await other.bus.close();
});

test('a gate that slept past its lease and wakes up changes nothing any more', async (t) => {
  t.after(() => {
    delete between.move;
  });
  const other = await setStage(database);
  for (const movement of ['reserve', 'send'] as const) {
    const payout = await ask();
    let wake: (() => void) | undefined;
    const asleep = new Promise<void>((resolve) => {
      between.move = async (order) => {
        if (order.movement !== movement) return;
        resolve();
        await new Promise<void>((done) => {
          wake = done;
        });
      };
    });
    const round = machine.gate.round();
    await asleep;
    await sql`update payouts.payout set lease_until = '-infinity' where id = ${payout.id}`.execute(
      database.pool,
    );
    await other.machine.gate.round();
    await says(payout, 'REJECTED');
    await other.machine.gate.round();
    assert.equal(await stateOf(payout), 'rejected');
    wake?.();
    await round;
    assert.equal(await stateOf(payout), 'rejected');
    assert.deepEqual(await moneyOf(payout), { has: 1000n, reserved: 0n, sent: 0n });
    assert.equal((await sent(payout.erpId)).length, 1);
    assert.deepEqual(await judge(), []);
  }
  await other.bus.close();
});

test('the topic of the ERP away for an hour: silence is flagged, and each payout is heard of once', async () => {
  await erp.stop();
  const payouts = [await ask(), await ask(), await ask()];
  await machine.gate.round();
  for (let minutes = 0; minutes < 60; minutes += 10) {
    stage.clock.advanceMs(600_000);
    payouts.push(await ask());
    assert.ok((await machine.gate.round()) > 0);
  }
  const [first, last] = [payouts[0], payouts.at(-1)];
  assert.ok(first && last);
  assert.equal((await machine.find(first.id))?.silent, true);
  assert.equal((await machine.find(last.id))?.silent, false);
  assert.match(await stage.metrics.registry.metrics(), /attention{why="silent"} [1-9]/);
  await erp.start();
  for (const payout of payouts) {
    assert.equal((await sent(payout.erpId)).length, 1);
    await says(payout, 'PAID');
  }
  await machine.gate.round();
  for (const payout of payouts) assert.equal(await stateOf(payout), 'paid');
  assert.equal((await machine.find(first.id))?.silent, false);
  assert.deepEqual(await judge(), []);
});

async function skipPauses(): Promise<void> {
  await sql`update payouts.payout set next_attempt_at = null where next_attempt_at is not null`.execute(
    database.pool,
  );
}
