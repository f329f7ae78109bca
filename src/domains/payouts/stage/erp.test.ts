import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { applyLost, fetchList, runReconciliation, theirPayouts } from '#payouts/reconciliation';
import { newPayoutGroup } from '#payouts/topics';
import { startErpSimulator } from '#simulators/erp';
import { eventually, temporaryFolder, testDatabase } from '#testing';
import { type MadePayout, setStage, TOPICS } from './machine-fixture.ts';

/** The machine and the ERP's simulator, with the bus between them, both at work. */
async function openStage(t: TestContext, seed: number) {
  const database = await testDatabase(t);
  const stage = await setStage(database, { intervalMs: 20 });
  const { bus } = stage;
  const feeds = { ard: TOPICS.statusArd, oebs: TOPICS.statusOebs };
  let consumer: { stop(): Promise<void> } | undefined;
  const erp = await startErpSimulator({
    ...{ port: 0, folder: await temporaryFolder(t), seed },
    settings: { stepMs: { min: 0, max: 60 }, delayMs: 300 },
    transport: {
      take(take, isHere) {
        const room = () => (isHere() ? 100 : 0);
        consumer = bus.consume(newPayoutGroup(TOPICS), { room }, (_tx, messages) =>
          take(messages.map(({ payload }) => payload)),
        );
      },
      tell: (feed, statuses) =>
        database.transaction((tx) =>
          bus.publish(
            tx,
            feeds[feed],
            statuses.map((payload) => ({ key: payload.erp_id, payload })),
          ),
        ),
      close: async () => consumer?.stop(),
    },
  });
  stage.machine.gate.start();
  t.after(async () => {
    await stage.machine.gate.stop();
    await erp.close();
    await bus.close();
  });
  const control = (method: string, path: string, body: object) =>
    fetch(erp.url + path, { method, body: JSON.stringify(body) });
  return { ...stage, database, erpUrl: erp.url, control };
}

type Stage = Awaited<ReturnType<typeof openStage>>;

async function compare({ clock, database, erpUrl, ledger }: Stage) {
  const theirs = theirPayouts(await fetchList(`${erpUrl}/book`));
  const { differences } = await runReconciliation(theirs, {
    ...{ database, clock, ledger, silentAfterMs: 1, secondLookMs: 20 },
  });
  return { theirs, differences };
}

async function bookOf({ erpUrl }: Stage) {
  const { payouts } = (await (await fetch(`${erpUrl}/book`)).json()) as {
    readonly payouts: readonly {
      readonly erp_id: string;
      readonly state: string;
      readonly amount_minor: number;
      readonly paid_minor: number;
      readonly returned_minor: number;
    }[];
  };
  return new Map(payouts.map((payout) => [payout.erp_id, payout]));
}

/** Until every payout is where the ERP's book has it. */
function untilAsInBook(stage: Stage, payouts: readonly MadePayout[]): Promise<void> {
  return eventually(
    async () => {
      const book = await bookOf(stage);
      for (const payout of payouts)
        assert.equal(await stage.stateOf(payout), book.get(payout.erpId)?.state ?? 'nowhere');
    },
    { timeoutMs: 20_000 },
  );
}

for (const seed of [1, 2, 3]) {
  test(`seed ${seed}: whatever the ERP does and however it tells it, its book equals ours`, {
    timeout: 60_000,
  }, async (t) => {
    const stage = await openStage(t, seed);
    const { ask, control, judge, moneyOf } = stage;
    for (const [name, probability] of [
      ...([['rejects-import', 0.2] as const, ['rejects-later', 0.2] as const] as const),
      ...([['returns', 0.25] as const, ['duplicates', 0.5] as const] as const),
      ...([['reorders', 0.5] as const, ['delays', 0.2] as const] as const),
    ])
      await control('POST', '/scenarios', { name, probability });
    const payouts: MadePayout[] = [];
    for (let n = 0; n < 30; n += 1) payouts.push(await ask());
    await eventually(
      async () => {
        const states = [...(await bookOf(stage)).values()].map(({ state }) => state);
        assert.equal(states.length, payouts.length);
        assert.ok(states.every((state) => !['received', 'accepted'].includes(state)));
      },
      { timeoutMs: 20_000 },
    );
    await untilAsInBook(stage, payouts);
    const book = await bookOf(stage);
    assert.ok(new Set([...book.values()].map(({ state }) => state)).size >= 3);
    for (const payout of payouts) {
      const { paid_minor, returned_minor } = book.get(payout.erpId) ?? {};
      const has = 1000n - BigInt(paid_minor ?? 0) + BigInt(returned_minor ?? 0);
      assert.deepEqual(await moneyOf(payout), { has, reserved: 0n, sent: 0n });
    }
    assert.deepEqual((await compare(stage)).differences, []);
    assert.deepEqual(await judge(), []);
  });
}

test('lost words are found in the ERP’s book, applied once, and then the books agree', {
  timeout: 60_000,
}, async (t) => {
  const stage = await openStage(t, 1);
  const { ask, control, database, judge, machine, stateOf } = stage;
  await control('POST', '/scenarios', { name: 'loses' });
  await control('POST', '/scenarios', { name: 'returns', times: 2 });
  const payouts = [await ask(), await ask(), await ask()];
  await eventually(async () => {
    const states = [...(await bookOf(stage)).values()].map(({ state }) => state);
    assert.deepEqual(states.toSorted(), ['paid', 'returned', 'returned']);
    const ours = await Promise.all(payouts.map(stateOf));
    assert.deepEqual(ours.toSorted(), ['acknowledged', 'paid', 'paid']);
  });
  const { differences, theirs } = await compare(stage);
  assert.deepEqual(
    differences.map(({ kind }) => kind),
    Array(3).fill('state_differs'),
  );
  const options = { database, receive: machine.receive };
  assert.equal(await applyLost(differences, theirs, options), 3);
  assert.equal(await applyLost(differences, theirs, options), 0);
  await untilAsInBook(stage, payouts);
  assert.deepEqual((await compare(stage)).differences, []);
  assert.deepEqual(await judge(), []);
});

test('the ERP is away for a while: payouts wait, and are made once it is back', {
  timeout: 60_000,
}, async (t) => {
  const stage = await openStage(t, 1);
  const { ask, control, judge, stateOf } = stage;
  await control('PUT', '/settings', { away: true });
  const payouts = [await ask(), await ask()];
  await eventually(async () => {
    assert.deepEqual(await Promise.all(payouts.map(stateOf)), ['in_flight', 'in_flight']);
  });
  const { differences } = await compare(stage);
  assert.deepEqual(
    differences.map(({ kind }) => kind),
    ['missing_there', 'missing_there'],
  );
  await control('PUT', '/settings', { away: false });
  await untilAsInBook(stage, payouts);
  await eventually(async () => {
    assert.deepEqual(await Promise.all(payouts.map(stateOf)), ['paid', 'paid']);
  });
  assert.deepEqual((await compare(stage)).differences, []);
  assert.deepEqual(await judge(), []);
});
