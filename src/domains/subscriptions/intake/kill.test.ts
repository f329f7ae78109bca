import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { sql } from '#database';
import { paymentRequestId } from '#payments/intake';
import { startProcessingSimulator } from '#simulators/processing';
import { WEBHOOK_SCOPE } from '#sms';
import { eventually, runCrashChild, temporaryFolder, testDatabase } from '#testing';
import { monthly, openIntakeHouse } from './fixture.ts';
import type { IntakeChildSettings } from './intake-child.ts';
import { handsOf, newUser, PATIENCE } from './stage-fixture.ts';

const database = await testDatabase();
const simulator = await startProcessingSimulator({ port: 0, folder: await temporaryFolder() });
const house = await openIntakeHouse({ database, processingUrl: simulator.url });
await database.transaction((tx) => house.cards.addPlan(tx, monthly));
await house.webhooks.createEndpoint({
  ...{ scope: WEBHOOK_SCOPE, kind: 'endpoint', url: 'https://merchant.test/hooks' },
  ...{ eventTypes: ['payment.*'], description: 'a merchant' },
});
const { book, payment, request, rowsOfUsers, smsOf, subscriptionsOf } = handsOf(
  house,
  simulator.url,
);
const others = [house.chargeWorker(), house.cards.worker()];
for (const worker of others) worker.start();
after(async () => {
  await Promise.all(others.map((worker) => worker.stop()));
  await house.close();
  await simulator.close();
});

type Worker = IntakeChildSettings['worker'];
type Users = IntakeChildSettings['users'];

const WORKERS = ['saver', 'processor', 'notifier'] as const;
/** Far more points than there are: a child that never ends by itself is a fault. */
const POINTS_MOST = 40;
const PEOPLE = 3;
const UNTIL: Readonly<Record<Worker, readonly string[]>> = {
  'payments-api': [],
  saver: ['new', 'in_processing', 'processed', 'completed'],
  processor: ['processed', 'completed'],
  notifier: ['completed'],
};
let children = 100;

/** True when it was killed, false when it has done all and ended by itself. */
function runChild(
  t: TestContext,
  given: Pick<IntakeChildSettings, 'worker' | 'dieAt' | 'users'>,
): Promise<boolean> {
  children += 1;
  const settings: IntakeChildSettings = {
    ...{ ...given, url: database.url, processingUrl: simulator.url, processNumber: children },
    until: UNTIL[given.worker],
  };
  return runCrashChild(t, join(import.meta.dirname, 'intake-child.ts'), settings);
}

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
async function endLeases(): Promise<void> {
  await sql`update platform.bus_lane set lease_until = '-infinity' where ctid = any (array(
    select ctid from platform.bus_lane for update skip locked))`.execute(database.pool);
  await sql`delete from platform.bus_member`.execute(database.pool);
}

for (const worker of ['payments-api', ...WORKERS] as const) {
  test(`${worker} killed at each point of its work: each is debited once, subscribed once, told once`, async (t) => {
    // All that is not the one that dies.
    const alive = WORKERS.filter((name) => name !== worker).map((name) => house.intake[name]());
    for (const one of alive) one.start();
    let killed = true;
    let dieAt = 0;
    while (killed) {
      dieAt += 1;
      assert.ok(dieAt < POINTS_MOST);
      const users = Array.from({ length: PEOPLE }, () => {
        const who = newUser();
        return { ...who, key: `key-of-${who.user}` };
      });
      killed = await killOnce(t, { worker, dieAt, users });
    }
    await Promise.all(alive.map((one) => one.stop()));
    assert.ok(dieAt > 2, 'it was killed before and after its commit');
    t.diagnostic(`killed at ${dieAt - 1} points`);
  });
}

async function killOnce(
  t: TestContext,
  given: { readonly worker: Worker; readonly dieAt: number; readonly users: Users },
): Promise<boolean> {
  const { users, worker } = given;
  if (worker !== 'payments-api') for (const who of users) await request(payment(who), who.key);
  const killed = await runChild(t, given);
  await endLeases();
  // Its caller got no answer, and asks again.
  if (worker === 'payments-api') for (const who of users) await request(payment(who), who.key);
  const again = worker === 'payments-api' ? [] : [house.intake[worker]()];
  for (const one of again) one.start();
  await eventually(async () => {
    const rows = await rowsOfUsers(users);
    assert.deepEqual(
      rows.map((row) => `${row.processing_status} ${row.payment_status}`),
      users.map(() => 'completed accepted'),
    );
  }, PATIENCE);
  for (const who of users) await judge(who);
  await Promise.all(again.map((one) => one.stop()));
  return killed;
}

async function judge(who: Users[number]): Promise<void> {
  assert.deepEqual(await book(who.msisdn), { debits: [19_900], credits: [] });
  await eventually(
    async () => assert.deepEqual(await subscriptionsOf(who.msisdn), ['active']),
    PATIENCE,
  );
  assert.deepEqual(await smsOf(who.msisdn), ['payment_accepted']);
  const [row] = await rowsOfUsers([who]);
  const key = paymentRequestId(row?.id ?? 0n);
  const told = await house.webhooks.deliveries({ scope: WEBHOOK_SCOPE, key, limit: 10 });
  assert.deepEqual(
    told.map(({ type }) => type),
    ['payment.completed'],
  );
}
