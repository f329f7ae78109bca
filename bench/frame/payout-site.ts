// payout-api in a process of its own: storing in sets, storing one by one, or only answering as if it had stored.
import { createKeyring } from '#auth';
import { createSystemClock } from '#clock';
import { openDatabase, sql } from '#database';
import { createHttpServer } from '#http';
import { createIdSource } from '#ids';
import { createMetrics } from '#metrics';
import { createRequests, type RequestTaker, registerRequestRoutes } from '#payouts';
import { quiet } from './house.ts';

const [, , databaseUrl = '', mode = 'sets'] = process.argv;
const database = openDatabase({ url: databaseUrl, log: quiet, connectionsMax: 20 });
const clock = createSystemClock();
const drain = async () => undefined;

const storesNothing: RequestTaker = { add: async () => undefined, drain };
const oneByOne: RequestTaker = {
  async add({ askedBy, clientId, externalId, id, metadata }) {
    await sql`
      insert into payouts.request (id, client_id, external_id, metadata, asked_by, created_at)
      values (${id}, ${clientId}, ${externalId}, ${metadata || null}::jsonb, ${askedBy}, ${clock.now()})
      on conflict (external_id) do nothing`.execute(database.pool);
    return undefined;
  },
  drain,
};
const takers: Readonly<Record<string, RequestTaker>> = { nothing: storesNothing, single: oneByOne };
const taker = takers[mode];

const requests = createRequests({
  ...{ database, clock, ids: createIdSource(process.pid) },
  ...(taker && { taker }),
});
const server = await createHttpServer({
  ...{ log: quiet, metrics: createMetrics() },
  api: { keyring: createKeyring({ database }), database, clock },
});
registerRequestRoutes(server.app, requests);
const { port } = await server.listen(0, '127.0.0.1');
console.log(JSON.stringify({ ready: true, port }));
process.on('SIGTERM', async () => {
  await server.close();
  await database.close();
  process.exit(0);
});
