import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { cardGatewayMakers, createGatewayAccounts } from '#payments';
import { testDatabase } from '#testing';
import { saveDemoGateways } from './demo-cards.ts';

const CARDS = 'http://127.0.0.1:20001';
const PROCESSING = 'http://127.0.0.1:20002';
const REAL = 'https://api.example.com';

test('accounts with simulators follow them to other ports; one that is a merchant’s own is left alone', async (t) => {
  const database = await testDatabase(t);
  const clock = createSystemClock();
  const gatewayAccounts = await createGatewayAccounts({
    ...{ database, clock, log: silentLog(), metrics: createMetrics() },
    sealer: createSealer({ secret: 'a secret that only tests know, long enough' }),
    makers: cardGatewayMakers(clock),
  });
  t.after(() => gatewayAccounts.close());
  const house = { database, gatewayAccounts };
  async function urls() {
    const listed = await gatewayAccounts.list();
    return Object.fromEntries(
      listed.map(({ account }) => [account.name, account.settings.base_url]),
    );
  }

  await saveDemoGateways(house, { cards: CARDS, processing: PROCESSING, isNew: false });
  assert.deepEqual(await urls(), {}, 'a house that is in use is given none');

  await saveDemoGateways(house, { cards: CARDS, processing: PROCESSING, isNew: true });
  assert.deepEqual(await urls(), { cloudpayments: CARDS, processing: PROCESSING });

  const moved = { cards: `${CARDS}/moved`, processing: undefined };
  await saveDemoGateways(house, { ...moved, isNew: false });
  assert.deepEqual(await urls(), { cloudpayments: `${CARDS}/moved`, processing: PROCESSING });

  const own = (await gatewayAccounts.list()).find(
    ({ account }) => account.name === 'cloudpayments',
  );
  assert.ok(own);
  const { account } = own;
  const theirs = {
    ...{ ...account, title: 'Our shop', secrets: { api_secret: 'a real one' } },
    settings: { ...account.settings, base_url: REAL },
  };
  await database.transaction((tx) => gatewayAccounts.save(tx, theirs, 'a merchant'));
  await saveDemoGateways(house, { cards: CARDS, processing: PROCESSING, isNew: false });
  assert.deepEqual(await urls(), { cloudpayments: REAL, processing: PROCESSING });
});
