import { test } from 'node:test';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { phoneOf, subscribe } from './people.ts';
import { assertRateHeld } from './rate.ts';
import { ownServer } from './server.ts';
import { setStage } from './stage.ts';

await ownServer();

const RATE = 30;

test('three copies of telco keep to one rate in any second', async (t) => {
  const stage = await setStage(t, { requests_per_second: RATE });
  await stage.start('dispatcher', 'qlistener', 'mt-manager');
  const phones = Array.from({ length: 120 }, (_, n) => phoneOf(5000 + n));
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await Promise.all([stage.start('telco'), stage.start('telco'), stage.start('telco')]);
  await untilQuiet(stage, 120_000);
  const most = await stage.book.metric('operator_calls_per_second_max');
  t.diagnostic(`${most} calls in the fullest second, ${RATE} allowed`);
  await assertRateHeld(stage, RATE);
  await assertInvariants(stage, { confirmed: phones });
});
