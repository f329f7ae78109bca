import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sql } from '#database';
import { AppError } from '#errors';
import { uuidV7 } from '#ids';
import { accountId } from '#ledger';
import { type AccountSystem, createAccountsInProcess, type PayoutAccount } from '#payouts/accounts';
import { fail } from '#payouts/errors';
import { endLeases, eventsOf, judgeRequests, payoutsOf } from '#payouts/requests/judge-requests';
import { earn, runRequests, START } from '#payouts/stage';
import { eventually, testDatabase } from '#testing';

const database = await testDatabase();
const house = await runRequests(database);
after(() => house.close());
const { ask, bus, clock, ledger, requests } = house;
const accounts = createAccountsInProcess(ledger);
const gate = house.gate(accounts);
const stored = <Row>(text: ReturnType<typeof sql<Row>>) =>
  text.execute(database.pool).then(({ rows }) => rows);

/** An account system that is asked nothing but for accounts. */
function answering(payoutAccounts: AccountSystem['payoutAccounts']): AccountSystem {
  return { ...accounts, payoutAccounts };
}

const toldAccount = (clientId: string, more: Partial<PayoutAccount> = {}): PayoutAccount => ({
  ...{ account: `acc_${clientId}`, clientId, currency: 'RUB', label: '', balanceMinor: 10n },
  ...more,
});

test('a payout for each account with a balance: its amount is the balance, its ids are stored with it', async () => {
  const rubles = await earn(ledger, { clientId: 'two', amountMinor: 700n });
  const dollars = await earn(ledger, { clientId: 'two', amountMinor: 9n, currency: 'USD' });
  await earn(ledger, { clientId: 'two', amountMinor: 0n, label: 'empty' });
  const request = await ask('two');
  await gate.turn();
  const { error, outcome, status } = await requests.find(request);
  assert.deepEqual([status, error], ['done', null]);
  const made = await payoutsOf(database, 'two');
  assert.deepEqual(
    made.map((one) => [one.account, one.amount_minor, one.currency, one.state, one.request]),
    [
      [accountId(rubles.id), 700n, 'RUB', 'new', request],
      [accountId(dollars.id), 9n, 'USD', 'new', request],
    ],
  );
  assert.deepEqual(outcome, { made: made.map(({ payout }) => payout), met: [] });
  const ids = await stored<Record<string, string>>(sql`
    select erp_id, reserve_id, send_id, pay_id, give_back_id, return_id from payouts.payout
    where client_id = 'two'`);
  assert.equal(new Set(ids.flatMap((row) => Object.values(row))).size, 12);
  for (const { erp_id: erpId } of ids) assert.match(erpId ?? '', /^[0-9a-f]{32}$/);
  const first = made[0];
  assert.deepEqual((await eventsOf(bus)).get(first?.payout ?? ''), [
    {
      ...{ event: 'created', payout: first?.payout, client_id: 'two', state: 'new' },
      ...{ amount_minor: 700, currency: 'RUB', at: START.toISOString() },
    },
  ]);
  assert.deepEqual(
    await stored(sql`
      select s.number, s.step, s.to_state, s.actor from payouts.step s
      join payouts.payout p on p.id = s.payout_id where p.client_id = 'two'`),
    [1, 2].map(() => ({ number: 1, step: 'create', to_state: 'new', actor: 'req-gate' })),
  );
});

test('no account, or no balance: done, with nothing made and the reason said', async () => {
  await earn(ledger, { clientId: 'poor', amountMinor: 0n });
  const [nobody, poor] = [await ask('nobody'), await ask('poor')];
  await gate.turn();
  const outcomeOf = async (request: string) => (await requests.find(request)).outcome;
  assert.deepEqual(await outcomeOf(nobody), { made: [], met: [], reason: 'no_account' });
  assert.deepEqual(await outcomeOf(poor), { made: [], met: [], reason: 'no_balance' });
});

test('an account with an open payout is named with it, also when its money is reserved by now', async () => {
  const own = await earn(ledger, { clientId: 'again', amountMinor: 50n });
  const [first, second] = [await ask('again'), await ask('again')];
  await gate.turn();
  const [payout] = await payoutsOf(database, 'again');
  const outcomeOf = async (request: string) => (await requests.find(request)).outcome;
  assert.deepEqual(await outcomeOf(first), { made: [payout?.payout], met: [] });
  assert.deepEqual(await outcomeOf(second), { made: [], met: [payout?.payout] });
  await accounts.move({
    ...{ transferId: uuidV7(), movement: 'reserve', amountMinor: 50n, reference: 'po' },
    account: { ...own, account: accountId(own.id) },
  });
  const third = await ask('again');
  await gate.turn();
  assert.deepEqual(await outcomeOf(third), { made: [], met: [payout?.payout] });
  assert.equal((await payoutsOf(database, 'again')).length, 1);
});

test('when the payout is closed, the next request makes another', async () => {
  await earn(ledger, { clientId: 'later', amountMinor: 50n });
  await ask('later');
  await gate.turn();
  await sql`update payouts.payout set closed_at = ${clock.now()}, state = 'cancelled'
    where client_id = 'later'`.execute(database.pool);
  const request = await ask('later');
  await gate.turn();
  const [, second] = await payoutsOf(database, 'later');
  assert.deepEqual((await requests.find(request)).outcome, { made: [second?.payout], met: [] });
});

test('a system of accounts that is away: the request stays new and is asked about later, each time after longer', async () => {
  await earn(ledger, { clientId: 'patient', amountMinor: 5n });
  const request = await ask('patient');
  let calls = 0;
  const away = house.gate(
    answering(async () => {
      calls += 1;
      throw fail('accounts_unavailable', 'nobody there');
    }),
  );
  for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    const before = calls;
    assert.deepEqual(await away.turn(), { full: false, away: true });
    clock.advanceMs(waitMs - 1);
    assert.deepEqual(await away.turn(), { full: false, away: false });
    assert.equal(calls, before + 1);
    clock.advanceMs(1);
  }
  assert.equal((await requests.find(request)).status, 'new');
  await gate.turn();
  assert.equal((await requests.find(request)).outcome?.made.length, 1);
});

test('what the system of accounts refuses ends in error with its words, and no neighbour suffers', async () => {
  await earn(ledger, { clientId: 'sound', amountMinor: 5n });
  const [refused, broken, sound] = [await ask('refused'), await ask('broken'), await ask('sound')];
  const some = house.gate(
    answering(async (clientId) => {
      if (clientId === 'refused')
        throw new AppError('precondition', 'client_closed', 'It is \u0000.');
      if (clientId === 'broken') throw new TypeError('a fault of ours');
      return accounts.payoutAccounts(clientId);
    }),
  );
  await some.turn();
  const shown = await requests.find(refused);
  assert.deepEqual([shown.status, shown.error], ['error', 'client_closed: It is \ufffd.']);
  assert.equal(shown.outcome, null);
  const fault = await requests.find(broken);
  assert.deepEqual(
    [fault.status, fault.error],
    ['error', 'internal: the log of req-gate tells more.'],
  );
  assert.equal((await requests.find(sound)).status, 'done');
});

test('what can not be written ends in error, and no neighbour suffers', async () => {
  const names = Array.from({ length: 7 }, (_, n) => `written ${n}`);
  const asked = await Promise.all(names.map((name) => ask(name)));
  const odd = house.gate(
    answering(async (clientId) => [
      toldAccount(clientId, clientId === 'written 4' ? { label: 'a\u0000b' } : {}),
    ]),
  );
  await odd.turn();
  const statuses = await Promise.all(asked.map(async (one) => (await requests.find(one)).status));
  assert.deepEqual(statuses, ['done', 'done', 'done', 'done', 'error', 'done', 'done']);
});

test('a system of accounts that hangs is given up, for those who hang alone', async () => {
  const [hanging, other] = [await ask('hanging'), await ask('other')];
  const slow = house.gate(
    answering((clientId) =>
      clientId === 'hanging' ? new Promise(() => {}) : Promise.resolve([toldAccount(clientId)]),
    ),
    { callTimeoutMs: 50 },
  );
  assert.deepEqual(await slow.turn(), { full: false, away: false });
  assert.equal((await requests.find(hanging)).status, 'new');
  assert.equal((await requests.find(other)).status, 'done');
  clock.advanceMs(1000);
  await gate.turn();
  assert.equal((await requests.find(hanging)).status, 'done');
});

test('at most sixteen calls at once, and one for all requests of a client', async () => {
  let under = 0;
  let most = 0;
  const calls: string[] = [];
  const watched = house.gate(
    answering(async (clientId) => {
      calls.push(clientId);
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setTimeout(resolve, 2));
      under -= 1;
      return [];
    }),
  );
  for (let n = 0; n < 80; n += 1) await ask(`watched ${n % 40}`);
  await watched.turn();
  assert.equal(most, 16);
  assert.equal(calls.length, 40);
});

test('full batches follow each other without a pause', async () => {
  const asked = await Promise.all(Array.from({ length: 7 }, (_, n) => ask(`batch ${n}`)));
  const running = house.gate(accounts, { limit: 2 });
  running.start();
  await eventually(async () => {
    for (const one of asked) assert.equal((await requests.find(one)).status, 'done');
  });
  await running.stop();
});

test('a stop leaves what is not answered to others, at once', async () => {
  const request = await ask('stopped');
  let begin: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const stopping = house.gate(
    answering(() => {
      begin?.();
      return new Promise(() => {});
    }),
  );
  stopping.start();
  await begun;
  await stopping.stop();
  assert.equal((await requests.find(request)).status, 'new');
  await gate.turn();
  assert.equal((await requests.find(request)).status, 'done');
});

test('a gate that slept past its lease decides nothing any more', async () => {
  await earn(ledger, { clientId: 'slept', amountMinor: 5n });
  const request = await ask('slept');
  const taken = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  const sleeping = house.gate(
    answering(async (clientId) => {
      taken.resolve();
      await woken.promise;
      return accounts.payoutAccounts(clientId);
    }),
  );
  const slept = sleeping.turn();
  await taken.promise;
  await endLeases(database);
  await gate.turn();
  const { outcome } = await requests.find(request);
  await sql`update payouts.payout set closed_at = ${clock.now()}, state = 'cancelled'
    where client_id = 'slept'`.execute(database.pool);
  woken.resolve();
  await slept;
  assert.deepEqual((await requests.find(request)).outcome, outcome);
  assert.equal((await payoutsOf(database, 'slept')).length, 1);
});

test('copies side by side: every request is done once, one payout for each account, no deadlock', async () => {
  const clients = Array.from({ length: 30 }, (_, n) => `shared ${n}`);
  for (const clientId of clients) {
    await earn(ledger, { clientId, amountMinor: 100n });
    await earn(ledger, { clientId, amountMinor: 50n, currency: 'USD' });
  }
  const asked = await Promise.all(Array.from({ length: 300 }, (_, n) => ask(`shared ${n % 30}`)));
  const gates = [1, 2, 3, 4].map(() => house.gate(accounts, { limit: 7 }));
  for (const one of gates) one.start();
  await eventually(async () => assert.equal((await requests.waiting()).count, 0), {
    timeoutMs: 20_000,
  });
  await Promise.all(gates.map((one) => one.stop()));
  await judgeRequests({ database, bus }, { requests, asked, accountsOf: () => 2 });
  assert.equal(database.deadlocks.count, 0);
});

test('a claim reads what it takes and not all that waits, whatever the statistics say', async () => {
  const insert = (from: number, count: number) =>
    sql`insert into payouts.request (id, client_id, external_id, asked_by, created_at)
      select n, 'many', 'many ' || n, 'key_1', ${START}
      from generate_series(${from}::integer, ${from + count - 1}::integer) n`.execute(
      database.pool,
    );
  await insert(1, 10);
  await sql`analyze payouts.request`.execute(database.pool);
  await insert(11, 20_000);
  const pages = async () => {
    const [row] = await stored<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(sql`
      explain (analyze, buffers, format json)
      select * from payouts.claim_requests(${uuidV7()}, 60000, 1, ${START})`);
    const plan = row?.['QUERY PLAN'][0].Plan;
    assert.equal(plan?.['Actual Rows'], 1);
    return (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
  };
  const few = await pages();
  assert.ok(few < 150, `${few} pages with statistics of an empty table`);
  await sql`analyze payouts.request`.execute(database.pool);
  const analysed = await pages();
  assert.ok(analysed < 150, `${analysed} pages with statistics of a full one`);
});
