import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { createSealer } from '#auth';
import { createSystemClock } from '#clock';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createWebhookDeliverer, createWebhooks, signContent } from '#webhooks';
import type { BenchContext } from './frame/claim.ts';

export const name = 'webhooks';
export const claim =
  'webhooks that are durable, signed, logged and in order of their key reach one fast receiver at least a fifth as ' +
  'often as the same calls made bare';

const TARGET = 0.2;
const EVENTS = 6000;
const ENQUEUED_AT_ONCE = 500;
const CONCURRENCY = 64;
const SCOPE = 'bench';

export async function run(context: BenchContext): Promise<void> {
  const receiver = await startReceiver();
  try {
    for (const [situation, keys] of [
      ['each of a key of its own', EVENTS],
      ['a hundred keys', 100],
    ] as const) {
      await context.compare({
        ...{ situation, unit: 'deliveries/s', against: 'bare calls', target: TARGET },
        ours: async () => deliverAll(await context.openDatabase(), { receiver, keys }),
        floor: () => callBare(receiver.url),
      });
    }
  } finally {
    await receiver.close();
  }
}

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

async function startReceiver() {
  const count = { heard: 0 };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      count.heard += 1;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, count, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function deliverAll(
  database: Database,
  { keys, receiver }: { readonly keys: number; readonly receiver: Receiver },
): Promise<number> {
  const clock = createSystemClock();
  const sealer = createSealer({ secret: 'bench' });
  const webhooks = createWebhooks({ database, clock, sealer });
  const wish = { scope: SCOPE, kind: 'endpoint', eventTypes: ['*'], description: '' } as const;
  await webhooks.createEndpoint({ ...wish, url: receiver.url });
  for (let at = 0; at < EVENTS; at += ENQUEUED_AT_ONCE) {
    const events = Array.from({ length: ENQUEUED_AT_ONCE }, (_, by) => eventOf(at + by, keys));
    await database.transaction((tx) => webhooks.enqueue(tx, events));
  }
  const deliverer = createWebhookDeliverer({
    ...{ database, clock, sealer, webhooks, log: silentLog(), metrics: createMetrics() },
    ...{ privateRanges: ['127.0.0.1'], perEndpoint: CONCURRENCY },
  });
  const beganMs = performance.now();
  deliverer.start();
  while (await isWaiting(database)) await new Promise((resolve) => setTimeout(resolve, 20));
  const perSecond = (EVENTS * 1000) / (performance.now() - beganMs);
  await deliverer.stop();
  return perSecond;
}

function eventOf(at: number, keys: number) {
  return {
    ...{ id: `evt_${at}`, scope: SCOPE, type: 'message.delivered', key: `key_${at % keys}` },
    ...{
      occurredAt: new Date(),
      data: { message: `msg_${at}`, status: 'delivered', to: '+79161234567' },
    },
  };
}

async function isWaiting(database: Database): Promise<boolean> {
  const { rows } = await sql<{ waiting: boolean }>`
    select exists (select from platform.webhook_delivery where state = 'waiting') as waiting`.execute(
    database.pool,
  );
  return rows[0]?.waiting === true;
}

/** The same requests with their signatures, side by side, with nothing before and behind them. */
async function callBare(url: string): Promise<number> {
  const pool = new Pool(url, { connections: CONCURRENCY });
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const beganMs = performance.now();
  let next = 0;
  const callOn = async () => {
    for (let at = next++; at < EVENTS; at = next++) {
      const { data, id, occurredAt: timestamp, type } = eventOf(at, EVENTS);
      const body = JSON.stringify({ type, timestamp, data });
      const second = Math.floor(Date.now() / 1000);
      const answer = await pool.request({
        ...{ method: 'POST', path: '/', body },
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(second),
          'webhook-signature': signContent({ id, timestamp: second, body }, [secret]),
        },
      });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, callOn));
  await pool.close();
  return (EVENTS * 1000) / (performance.now() - beganMs);
}
