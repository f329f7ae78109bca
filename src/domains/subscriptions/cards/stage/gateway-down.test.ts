import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSealer } from '#auth';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { asCardGateways, cardGatewayMakers, createGatewayAccounts } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { createTcpProxy, eventually, type TcpProxy } from '#testing';
import { GATEWAY, openShop, SECRET, TERMINAL_SECRET } from './fixture.ts';
import { GOOD, type Life, lives } from './life.ts';
import { mustHold } from './must-hold.ts';

const PEOPLE = 30;
const PER_SECOND = 10;
const MINUTE_MS = 60_000;
/** Longer than the hour from a renewal to the end of its period. */
const DOWN_MINUTES = 65;
const PATIENT = { timeoutMs: 120_000, intervalMs: 100 };

let proxy: TcpProxy | undefined;
let refresh = async () => {};
const shop = await openShop(gateway, {
  async accountsOf({ clock, database, url }) {
    const way = await createTcpProxy({ host: '127.0.0.1', port: Number(new URL(url).port) });
    await way.open();
    const sealer = createSealer({ secret: SECRET });
    const accounts = await createGatewayAccounts({
      ...{ clock, database, sealer, log: silentLog(), metrics: createMetrics() },
      makers: cardGatewayMakers(clock),
    });
    await database.transaction((tx) =>
      accounts.save(
        tx,
        {
          ...{ name: GATEWAY, kind: 'cloudpayments', title: 'CloudPayments', enabled: true },
          ...{ weight: 1, requestsPerSecond: PER_SECOND },
          settings: {
            ...{ public_id: gateway.standardPublicId, timeout_ms: 10_000 },
            base_url: `http://127.0.0.1:${way.port}`,
          },
          secrets: { api_secret: TERMINAL_SECRET },
        },
        'tester',
      ),
    );
    await accounts.refresh();
    [proxy, refresh] = [way, () => accounts.refresh()];
    const close = async () => {
      await accounts.close();
      await way.close();
    };
    return { cardGateways: asCardGateways(accounts), close };
  },
});
const { clock, database } = shop;
const { buys, quiet, until } = lives(shop);

/** Real time is not waited for: as if the breaker had been open for its time. */
async function letItTry(): Promise<void> {
  await sql`update payments.gateway_account set open_until = clock_timestamp() where open_until is not null`.execute(
    database.pool,
  );
  await refresh();
}

/** By the row that all copies go by. */
async function mustBeOpen(): Promise<void> {
  const { rows } = await sql<{ isOpen: boolean }>`
    select open_until > clock_timestamp() as "isOpen" from payments.gateway_account`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.isOpen, true, 'nothing is sent to it');
}

/** What nobody may hear while only the gateway is to blame. */
async function blames(): Promise<Record<string, bigint> | undefined> {
  const { rows } = await sql<Record<string, bigint>>`
    select (select count(*) from payments.payment where state = 'declined') as declined,
      (select count(*) from subscriptions.card_decline) as counted,
      (select count(*) from sms.message where kind in ('charge_failed', 'last_chance', 'held', 'ended')) as told,
      (select count(*) from subscriptions.subscription where status <> 'active') as others`.execute(
    database.pool,
  );
  return rows[0];
}

const NOBODY = { declined: 0n, counted: 0n, told: 0n, others: 0n };
const eventOf = (line: string) => line.split(' ')[2];

interface LedgerEntry {
  readonly kind: string;
  readonly at: string;
}

/** How long the gateway took to debit all of these, by its own book. */
async function drainedMs(from: Date): Promise<number> {
  const answer = await fetch(`${shop.gatewayUrl}/ledger?limit=1000`);
  const { entries } = (await answer.json()) as { entries: readonly LedgerEntry[] };
  const times = entries
    .filter(({ at, kind }) => kind === 'debit' && new Date(at) >= from)
    .map(({ at }) => new Date(at).getTime());
  assert.equal(times.length, PEOPLE, 'each was debited once');
  return Math.max(...times) - Math.min(...times);
}

test('a gateway that is down for an hour while all renew: nobody is declined, told or charged twice, and then it drains within its rate', async (t) => {
  const all: Life[] = [];
  for (let person = 0; person < PEOPLE; person += 1) all.push(await buys());
  await Promise.all(all.map((life) => life.pays(GOOD, life.payment, { waits: false })));
  await quiet();
  await until('2026-12-19');
  await proxy?.close();
  clock.set(new Date('2026-12-20T06:00:00Z'));
  await eventually(mustBeOpen, PATIENT);
  for (let minute = 0; minute < DOWN_MINUTES; minute += 5) {
    clock.advanceMs(5 * MINUTE_MS);
    await letItTry();
    await eventually(mustBeOpen, PATIENT);
    assert.deepEqual(await blames(), NOBODY, `after ${minute + 5} minutes`);
  }
  const back = new Date();
  await proxy?.open();
  await letItTry();
  await eventually(async () => {
    clock.advanceMs(5000);
    for (const life of all) assert.equal((await life.now()).priced.period.number, 1);
  }, PATIENT);
  await quiet();
  const tookMs = await drainedMs(back);
  t.diagnostic(`drained in ${tookMs} ms`);
  // A second's worth may have gathered before the first call.
  assert.ok(tookMs >= ((PEOPLE - 2 * PER_SECOND) / PER_SECOND) * 1000, 'within its rate');
  assert.deepEqual(await blames(), NOBODY);
  for (const life of all) {
    assert.deepEqual(await life.book(), [19_900, 19_900]);
    assert.deepEqual((await life.story()).map(eventOf), [
      ...['created', 'charged', 'charge_coming', 'renewed'],
    ]);
    await mustHold(database, life);
  }
});
