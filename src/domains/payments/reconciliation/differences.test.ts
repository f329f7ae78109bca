import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiKey } from '#auth';
import { sql } from '#database';
import type { CardGateway, ListedTransaction } from '#payments/card-gateway';
import {
  CLOUD_PAYMENTS,
  callerOf,
  GOOD,
  onlyGateway,
  openCloudPaymentsHouse,
  PATIENT,
} from '#payments/stage';
import { createNewsContext } from '#payments/workers';
import * as simulators from '#simulators/cloudpayments';
import { eventually } from '#testing';
import { EDGE_MS } from './compare-lists.ts';
import { createReconciler } from './reconcile-gateway.ts';
import {
  beginReconciliation,
  dropReconciliation,
  endDifferences,
  findComparedTo,
  keepDifferences,
  renewReconciliation,
} from './reconciliation-store.ts';

const house = await openCloudPaymentsHouse(simulators, { isGated: false });
const { charge, clock, control, database, outside, present, reconciler, stateOf } = house;
const { widgetOf } = house;
const PATH = `/v1/gateways/${CLOUD_PAYMENTS}/differences`;
const made = (scopes: readonly string[]) =>
  createApiKey(database, { name: 'ann', scopes: [...scopes], now: clock.now() });
const staff = await made(['payments:read', 'payments:admin']);
const reader = await made(['payments:read']);
const call = callerOf<Answer>(house, staff.text);

interface Answer extends Shown {
  readonly code: string;
  readonly items: readonly Shown[];
  readonly next_cursor: string | null;
}

interface Shown {
  readonly kind: string;
  readonly subject: string;
  readonly theirs_minor?: number;
  readonly closed?: { readonly by: string; readonly reason: string };
}

const shown = async (query = ''): Promise<readonly Shown[]> =>
  (await call('GET', `${PATH}${query}`)).json.items;
const spanNow = () => {
  const now = Date.now();
  return { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
};

/** The gateway is paid for what is none of ours. */
async function strange(order: string): Promise<string> {
  const { Model } = await charge(GOOD, { ...widgetOf(await present()), InvoiceId: order });
  return String(Model?.TransactionId);
}

test('a difference is closed by whoever may, once, with a reason; the next comparison leaves it so, and other amounts open it again', async () => {
  const subject = await strange('shop-1');
  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  const [found] = await shown();
  assert.deepEqual([found?.kind, found?.subject], ['unknown_here', subject]);
  const body = { kind: 'unknown_here', subject, reason: 'of the other shop' };
  const close = (changes: object = {}, key = staff.text) =>
    call('POST', `${PATH}/close`, { ...body, ...changes }, key);
  assert.equal((await close({}, reader.text)).status, 403);
  assert.equal((await close({ reason: '' })).status, 400);
  assert.equal((await close({ subject: 'nothing' })).json.code, 'difference_unknown');
  const closed = await close();
  assert.deepEqual(
    [closed.status, closed.json.closed?.by, closed.json.closed?.reason],
    [200, 'ann', body.reason],
  );
  assert.equal((await close()).json.code, 'difference_over');
  assert.deepEqual(await shown(), []);
  assert.equal((await shown('?state=over'))[0]?.closed?.by, 'ann');

  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  assert.deepEqual(await shown(), [], 'found again, it stays closed');
  await sql`update payments.difference set theirs_minor = 1 where subject = ${subject}`.execute(
    database.pool,
  );
  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  assert.equal((await shown())[0]?.theirs_minor, 19_900, 'it is not what was looked at');
  assert.equal((await close({ reason: 'again' })).status, 200);
  const { rows } = await sql<{ actor: string; reason: string }>`
    select actor, reason from payments.difference_closing order by id`.execute(database.pool);
  assert.deepEqual(rows, [
    { actor: 'ann', reason: body.reason },
    { actor: 'ann', reason: 'again' },
  ]);
});

test('two who close one at once: one has closed it', async () => {
  const subject = await strange('shop-2');
  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  const body = { kind: 'unknown_here', subject, reason: 'of the other shop' };
  const answers = await Promise.all([1, 2, 3].map(() => call('POST', `${PATH}/close`, body)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409, 409]);
});

test('pages go on where the one before ended, and may be of one kind', async () => {
  for (const order of ['shop-3', 'shop-4', 'shop-5']) await strange(order);
  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  const all = (await shown()).map(({ subject }) => subject);
  assert.equal(all.length, 3);
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const behind: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { json } = await call('GET', `${PATH}?limit=1${behind}`);
    seen.push(...json.items.map(({ subject }: Shown) => subject));
    cursor = json.next_cursor;
  }
  assert.deepEqual(seen, all);
  assert.deepEqual(await shown('?kind=missing_there'), []);
  const wrong = Buffer.from(JSON.stringify(['x', 'y', 'z'])).toString('base64url');
  assert.equal((await call('GET', `${PATH}?cursor=${wrong}`)).json.code, 'cursor_invalid');
  assert.equal((await call('GET', `${PATH}?kind=nothing`)).status, 400);
});

test('a day that somebody compares by hand does not stand for the nights before it', async () => {
  const nights = await findComparedTo(database.pool, CLOUD_PAYMENTS);
  const span = { from: new Date('2026-11-30T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') };
  await reconciler.reconcile(CLOUD_PAYMENTS, span, { actor: 'ann' });
  assert.deepEqual(await findComparedTo(database.pool, CLOUD_PAYMENTS), nights);
  await reconciler.reconcile(CLOUD_PAYMENTS, span);
  assert.deepEqual(await findComparedTo(database.pool, CLOUD_PAYMENTS), span.to);
});

test('what a gateway has listed elsewhere is compared as its own list is, and what was lost is applied', async () => {
  await control('POST', 'scenarios', { name: 'notification-missing', times: 1 });
  const [told, untold] = [await present(), await present()];
  const { Model } = await charge(GOOD, widgetOf(told));
  await control('POST', 'settle', {});
  assert.equal(await stateOf(told), 'presented');
  const lineOf = (transaction: string, payment: string, at = new Date()): ListedTransaction => ({
    ...{ kind: 'payment', state: 'accepted' },
    facts: { transaction, payment, amountMinor: 19_900n, currency: 'RUB', at, test: false },
  });
  const strangeDay = lineOf('of-another-day', 'shop-7', new Date('2020-01-01T00:00:00Z'));
  const list = [
    lineOf(String(Model?.TransactionId), told),
    lineOf('none-of-ours', 'shop-6'),
    strangeDay,
  ];
  const progress: number[] = [];
  const report = await reconciler.reconcile(CLOUD_PAYMENTS, spanNow(), {
    ...{ actor: 'ann', list, progress: (listed: number) => void progress.push(listed) },
  });
  await eventually(async () => assert.equal(await stateOf(told), 'accepted'), PATIENT);
  assert.equal(await stateOf(untold), 'presented');
  assert.deepEqual([report.listed, progress], [2, [2]]);
  const subjects = report.differences
    .filter(({ kind }) => kind === 'unknown_here')
    .map(({ subject }) => subject);
  assert.deepEqual(subjects, ['none-of-ours']);
  assert.deepEqual(await house.judge(), []);
});

test('where a list lacks something right at its edge nothing is said to be there again', async () => {
  const from = new Date('2026-10-01T00:00:00Z');
  const to = new Date('2026-10-02T00:00:00Z');
  const missing = (subject: string, afterMs: number) => ({
    ...({ kind: 'missing_there', subject, transaction: subject, payment: undefined } as const),
    ...{ oursMinor: 5n, theirsMinor: undefined, currency: 'RUB', message: 'missing' },
    at: new Date(from.getTime() + afterMs),
  });
  const found = [missing('at-the-edge', EDGE_MS / 2), missing('within', EDGE_MS * 2)];
  const dispute = { ...missing('du_1', EDGE_MS * 2), kind: 'dispute' as const };
  const now = clock.now();
  await database.transaction(async (tx) => {
    const gateway = 'edge';
    await keepDifferences(tx, { gateway, found: [...found, dispute], now });
    const sure = { from: new Date(+from + EDGE_MS), to: new Date(+to - EDGE_MS) };
    const kinds = ['missing_there'] as const;
    await endDifferences(tx, { gateway, from, to, sure, kinds, found: [], now });
  });
  const { rows } = await sql<{ subject: string }>`
    select subject from payments.difference where gateway = 'edge' and gone_at is null order by subject`.execute(
    database.pool,
  );
  assert.deepEqual(
    rows.map(({ subject }) => subject),
    ['at-the-edge', 'du_1'],
    'nor what nobody has looked for',
  );
});

test('a gateway that can only be asked by ordering once more is not asked: what its list lacks is missing', async () => {
  const payment = await present();
  await charge(GOOD, widgetOf(payment));
  await eventually(async () => assert.equal(await stateOf(payment), 'accepted'), PATIENT);
  let asked = 0;
  const card: CardGateway = {
    ...outside.card,
    capabilities: { ...outside.card.capabilities, inquiry: 'repeatIsSafe' },
    inquire(question) {
      asked += 1;
      return outside.card.inquire(question);
    },
  };
  const careful = createReconciler({
    ...{ cardGateways: onlyGateway(card), context: createNewsContext(house) },
  });
  const { differences } = await careful.reconcile(CLOUD_PAYMENTS, spanNow(), { list: [] });
  const transaction = await house.transactionOf(payment);
  assert.ok(differences.some((one) => one.kind === 'missing_there' && one.subject === transaction));
  assert.equal(asked, 0);
  const { differences: left } = await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
  assert.ok(!left.some((one) => one.subject === transaction), 'its own list has it');
});

test('one that is stopped leaves the way free, and says nothing of what it has not read', async () => {
  const stop = new AbortController();
  stop.abort();
  const before = await shown('?state=all&limit=200');
  const list: ListedTransaction[] = [
    {
      ...{ kind: 'payment', state: 'accepted' },
      facts: {
        ...{ transaction: 'late', amountMinor: 5n, currency: 'RUB', at: new Date(), test: false },
      },
    },
  ];
  const stopped = reconciler.reconcile(CLOUD_PAYMENTS, spanNow(), { list, signal: stop.signal });
  await assert.rejects(stopped, { code: 'reconciliation_cut_off' });
  assert.deepEqual(await shown('?state=all&limit=200'), before);
  await reconciler.reconcile(CLOUD_PAYMENTS, spanNow());
});

test('one that died holds the next up for the length of its lease only', async () => {
  const span = spanNow();
  const begin = (id: bigint) =>
    database.transaction((tx) =>
      beginReconciliation(tx, { ...span, gateway: 'dying', id, now: clock.now(), actor: null }),
    );
  const of = { gateway: 'dying', id: 1n };
  assert.equal(await begin(1n), true);
  assert.equal(await begin(2n), false);
  await sql`update payments.reconciliation set lease_until = clock_timestamp() where gateway = 'dying'`.execute(
    database.pool,
  );
  assert.equal(await renewReconciliation(database.pool, of), true, 'it was only slow');
  assert.equal(await begin(2n), false);
  await sql`update payments.reconciliation set lease_until = clock_timestamp() where gateway = 'dying'`.execute(
    database.pool,
  );
  assert.equal(await begin(2n), true);
  await dropReconciliation(database.pool, of);
  assert.equal(await renewReconciliation(database.pool, of), false);
});
