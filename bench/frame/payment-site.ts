// payments-api in a process of its own: putting requests on the log in sets, or only answering as if it had.
import { readConfig } from '#config';
import { openDatabase } from '#database';
import { buildHouse } from '#house';
import { createHttpServer } from '#http';
import { createMetrics } from '#metrics';
import { createIntake, type RequestTaker, registerIntakeRoutes } from '#subscriptions/intake';
import { layPlan } from './card-plan.ts';
import { quiet } from './house.ts';

const [, , databaseUrl = '', mode = 'sets'] = process.argv;
const database = openDatabase({ url: databaseUrl, log: quiet, connectionsMax: 20 });
const { config } = readConfig({ KOPEK_SECRET: 'x'.repeat(32), DATABASE_URL: databaseUrl });
const house = await buildHouse({
  ...{ config, database, log: quiet, metrics: createMetrics(), source: 'kopek/bench' },
});
await house.declareGroups();
await layPlan(house);

const storesNothing: RequestTaker = {
  take: async () => ({ outcome: 'taken', request: 'payreq_1' }),
  drain: async () => undefined,
};
const intake = createIntake({
  ...{ ...house, cards: house.subscriptions.cards, metrics: createMetrics() },
  ...(mode === 'nothing' && { taker: storesNothing }),
});
const { clock, keyring } = house;
const server = await createHttpServer({
  ...{ log: quiet, metrics: createMetrics(), api: { keyring, database, clock } },
});
registerIntakeRoutes(server.app, { intake, clock, plans: () => [] });
const { port } = await server.listen(0, '127.0.0.1');
console.log(JSON.stringify({ ready: true, port }));
process.on('SIGTERM', async () => {
  await server.close();
  await house.close();
  await database.close();
  process.exit(0);
});
