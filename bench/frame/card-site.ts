// A part of the house that takes cards, in a process of its own: `state-machine`, or the routes that gateways call.
// It counts what it asks its database.
import pg from 'pg';
import { startApp } from '#app';
import { openDatabase } from '#database';
import { buildHouse } from '#house';
import { createHttpServer } from '#http';
import { createMetrics } from '#metrics';
import { registerNotificationRoutes } from '#payments';
import { takePriority } from '#priority';
import { benchConfig, quiet } from './house.ts';

const [, , databaseUrl = '', folder = '', part = 'state-machine'] = process.argv;
const ANSWERING = -10;
let statements = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
  statements += 1;
  return Reflect.apply(query, this, given);
} as typeof query;

const database = openDatabase({ url: databaseUrl, log: quiet, connectionsMax: 20 });
const config = await benchConfig(database, folder);
const metrics = createMetrics();
const stop = part === 'webhooks' ? await openWebhooks() : await openStateMachine();
process.on('SIGTERM', async () => {
  await stop();
  await database.close();
  process.exit(0);
});

async function openStateMachine(): Promise<() => Promise<void>> {
  const app = await startApp({
    ...{ config, log: quiet, demo: false, simulator: false, processes: ['state-machine'] },
  });
  const counts = await createHttpServer({ log: quiet, metrics });
  counts.app.get('/statements', async () => ({ statements }));
  tellReady((await counts.listen(0, '127.0.0.1')).port);
  return async () => {
    await counts.close();
    await app.stop();
  };
}

async function openWebhooks(): Promise<() => Promise<void>> {
  // Whoever is asked while others work goes first, as `docs/operating/running.md` advises.
  takePriority(ANSWERING, quiet);
  const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
  const { clock, keyring } = house;
  const api = { keyring, database, clock };
  const server = await createHttpServer({ log: quiet, metrics, api });
  registerNotificationRoutes(server.app, house.payments);
  server.app.get('/statements', async () => ({ statements }));
  tellReady((await server.listen(0, '127.0.0.1')).port);
  return async () => {
    await server.close();
    await house.close();
  };
}

function tellReady(port: number): void {
  console.log(JSON.stringify({ ready: true, port }));
}
