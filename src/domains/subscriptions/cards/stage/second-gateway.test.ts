import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSealer } from '#auth';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { asCardGateways, cardGatewayMakers, createGatewayAccounts } from '#payments';
import * as gateway from '#simulators/cloudpayments';
import { GATEWAY, openShop, SECRET, TERMINAL_SECRET } from './fixture.ts';
import { type Life, lives } from './life.ts';

const RESERVE = 'reserve';

/** Two accounts: one that is drawn, and one that is only a reserve. */
const shop = await openShop(gateway, {
  async accountsOf({ clock, database, url }) {
    const accounts = await createGatewayAccounts({
      ...{ clock, database, log: silentLog(), metrics: createMetrics() },
      sealer: createSealer({ secret: SECRET }),
      makers: cardGatewayMakers(clock),
    });
    await database.transaction(async (tx) => {
      for (const [name, weight] of [[GATEWAY, 1] as const, [RESERVE, 0] as const])
        await accounts.save(
          tx,
          {
            ...{ name, kind: 'cloudpayments', title: name, enabled: true, weight },
            ...{ requestsPerSecond: 100, secrets: { api_secret: TERMINAL_SECRET } },
            settings: { public_id: gateway.standardPublicId, timeout_ms: 10_000, base_url: url },
          },
          'tester',
        );
    });
    await accounts.refresh();
    return { cardGateways: asCardGateways(accounts), close: () => accounts.close() };
  },
});
const { cards, database } = shop;
const { begin, buys, decline, until } = lives(shop);
/** What CloudPayments answers where the bank could not be reached, and where it has not enough money. */
const [BANK_AWAY, NO_MONEY] = [5091, 5051];

/** Where the page for another card leads to, after a renewal was declined. */
async function pageAfter(life: Life): Promise<string | undefined> {
  const page = await database.transaction((tx) => cards.cardPage(tx, life.subscription));
  assert.equal(page.paysBill, true);
  const { rows } = await sql<{ gateway: string }>`
    select gateway from payments.payment where state = 'presented' order by id desc limit 1`.execute(
    database.pool,
  );
  return rows[0]?.gateway;
}

// A technical decline is tried once more the same day.
for (const [code, tries, leadsTo, why] of [
  [BANK_AWAY, 2, RESERVE, 'for a fault of the gateway’s side leads to another one'],
  [NO_MONEY, 1, GATEWAY, 'for its card’s sake leads where all pages lead'],
] as const)
  test(`the page after a renewal that was declined ${why}`, async () => {
    await begin();
    const life = await buys();
    await life.pays();
    await decline(code, tries);
    await until('2026-12-21');
    assert.equal(await pageAfter(life), leadsTo);
  });
