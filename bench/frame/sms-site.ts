// sms-api and sms-sender in one process, on ports and a database that it is told; or the route of sms-api alone, which
// answers as if it had stored what it takes.
import { startApp } from '#app';
import { openDatabase } from '#database';
import { buildHouse, type House } from '#house';
import { createHttpServer } from '#http';
import { createMetrics } from '#metrics';
import { registerSmsRoutes, type Sms } from '#sms';
import { benchConfig, quiet } from './house.ts';

const [, , databaseUrl = '', folder = '', mode = 'all'] = process.argv;
const database = openDatabase({ url: databaseUrl, log: quiet, connectionsMax: 8 });
const config = { ...(await benchConfig(database, folder)), webhookPrivateRanges: ['127.0.0.1'] };
const stop = mode === 'nothing' ? await openNothing() : await openAll();
process.on('SIGTERM', async () => {
  await stop();
  await database.close();
  process.exit(0);
});

async function openAll(): Promise<() => Promise<void>> {
  const publicUrl = `http://127.0.0.1:${config.smsSenderPort}`;
  const app = await startApp({
    ...{ config: { ...config, publicUrl }, log: quiet, demo: false, simulator: false },
    processes: ['sms-api', 'sms-sender'],
  });
  tellReady(config.smsApiPort);
  return async () => {
    await app.stop();
  };
}

async function openNothing(): Promise<() => Promise<void>> {
  const metrics = createMetrics();
  const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
  const server = await createHttpServer({ ...house, api: house });
  registerSmsRoutes(server.app, { ...house, sms: storingNothing(house), plans: () => [] });
  const { port } = await server.listen(0, '127.0.0.1');
  tellReady(port);
  return async () => {
    await server.close();
    await house.close();
  };
}

function storingNothing({ sms }: House): Sms {
  const taken = { outcome: 'taken', sms: 'sms_0', state: 'queued', reason: null } as const;
  return {
    ...sms,
    intake: {
      take: async (messages) => messages.map(() => taken),
      takeOnce: async (messages, once) => once.answerOf(messages.map(() => taken)),
      answered: async () => undefined,
      drain: async () => undefined,
    },
  };
}

function tellReady(port: number): void {
  console.log(JSON.stringify({ ready: true, port }));
}
