import assert from 'node:assert/strict';
import type { Bus } from '#bus';
import { type Database, sql } from '#database';
import { payoutId } from '#payouts/payout';
import { type PayoutEvent, payoutEvents } from '#payouts/topics';
import { eventually } from '#testing';
import type { Requests } from './create-requests.ts';
import { requestId } from './request.ts';

/** As if the time of the leases had passed: liveness is the database's clock, which no test can move. */
export async function endLeases(database: Database): Promise<void> {
  await sql`update payouts.request set lease_until = '-infinity' where lease_until is not null`.execute(
    database.pool,
  );
}

export async function payoutsOf(database: Database, clientId: string) {
  const { rows } = await sql<{
    id: bigint;
    request_id: bigint;
    account: string;
    amount_minor: bigint;
    currency: string;
    state: string;
  }>`select id, request_id, account, amount_minor, currency, state from payouts.payout
    where client_id = ${clientId} order by id`.execute(database.pool);
  return rows.map(({ id, request_id: request, ...row }) => ({
    ...{ ...row, payout: payoutId(id), request: requestId(request) },
  }));
}

/** All that was published and not read before, by payout. */
export async function eventsOf(bus: Bus): Promise<ReadonlyMap<string, readonly PayoutEvent[]>> {
  const events: PayoutEvent[] = [];
  const consumer = bus.consume({ topic: payoutEvents, name: 'test' }, {}, async (_tx, messages) => {
    events.push(...messages.map(({ payload }) => payload));
  });
  await eventually(async () => {
    const waiting = (await bus.depths()).filter(({ ready, delayed }) => ready + delayed > 0);
    assert.deepEqual(waiting, []);
  });
  await consumer.stop();
  return Map.groupBy(events, ({ payout }) => payout);
}

/** Whatever happened: each request has ended once, each account has one payout, and each payout was told of once. */
export async function judgeRequests(
  { bus, database }: { readonly bus: Bus; readonly database: Database },
  expected: {
    readonly requests: Requests;
    readonly asked: readonly string[];
    /** With a balance, of the client. */
    readonly accountsOf: (clientId: string) => number;
  },
): Promise<void> {
  const { accountsOf, asked, requests } = expected;
  const ended = await Promise.all(asked.map((request) => requests.find(request)));
  const events = await eventsOf(bus);
  for (const [clientId, some] of Map.groupBy(ended, (one) => one.client_id)) {
    const payouts = await payoutsOf(database, clientId);
    const names = payouts.map(({ payout }) => payout).toSorted();
    assert.equal(payouts.length, accountsOf(clientId), clientId);
    assert.equal(new Set(payouts.map(({ account }) => account)).size, payouts.length, clientId);
    for (const { error, outcome, status } of some) {
      assert.deepEqual([status, error], ['done', null]);
      const named = [...(outcome?.made ?? []), ...(outcome?.met ?? [])];
      assert.deepEqual(named.toSorted(), names, 'each request names every payout');
    }
    const made = some.flatMap(({ outcome }) => outcome?.made ?? []);
    assert.deepEqual(made.toSorted(), names, 'each payout was made by one request');
    for (const name of names) assert.equal(events.get(name)?.length, 1, `${name} was told of once`);
  }
  const { rows } = await sql`
    select from payouts.payout p left join payouts.step s on s.payout_id = p.id and s.number = 1
    where s.payout_id is null`.execute(database.pool);
  assert.equal(rows.length, 0, 'each payout has its first step');
}
