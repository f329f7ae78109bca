// The site in a process of its own, storing what it takes or only answering as if it had.
import { createAcquisition, registerAcquisitionRoutes } from '#acquisition';
import { openDatabase } from '#database';
import { demoOperator, fillDemo, saveDemoOperator } from '#demo';
import { buildHouse } from '#house';
import { createHttpServer } from '#http';
import { createMetrics } from '#metrics';
import { createLocaleChoice } from '#subscriptions';
import { benchConfig, quiet } from './house.ts';

const [, , databaseUrl = '', folder = '', mode = 'stores'] = process.argv;
const database = openDatabase({ url: databaseUrl, log: quiet, connectionsMax: 8 });
const config = await benchConfig(database, folder);
const metrics = createMetrics();
const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
await saveDemoOperator(house, demoOperator.baseUrl);
if ((await house.acquisition.campaigns(1)).length === 0) await fillDemo(house);
await house.declareGroups();
const storesNothing = {
  hits: { add: async () => undefined, drain: async () => undefined },
  consents: {
    add: async (one: { consent: { msisdn: string } }) =>
      ({ outcome: 'converted', msisdn: one.consent.msisdn }) as const,
    drain: async () => undefined,
  },
};
const acquisition = createAcquisition({
  ...house,
  secret: 'a secret for the benchmark only, of no use to anyone',
  ...(mode === 'stores' ? {} : { takers: storesNothing }),
});
const server = await createHttpServer({ log: quiet, metrics, trustedProxies: ['127.0.0.1'] });
registerAcquisitionRoutes(server.app, acquisition, {
  locales: createLocaleChoice({ fallback: config.locale }),
});
const { port } = await server.listen(0, '127.0.0.1');
console.log(JSON.stringify({ ready: true, port }));
process.on('SIGTERM', async () => {
  await server.close();
  await house.close();
  await database.close();
  process.exit(0);
});
