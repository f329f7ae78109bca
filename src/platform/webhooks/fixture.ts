import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSealer } from '#auth';
import { createFakeClock } from '#clock';
import type { Database } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { Lifetime } from '#testing';
import {
  createWebhookDeliverer,
  createWebhooks,
  type WebhookDelivererOptions,
  type WebhookEvent,
  type Webhooks,
} from './index.ts';

export const SECRET = 'a secret of tests';
export const SCOPE = 'shop';
export const START = new Date('2026-03-01T10:00:00Z');
/** The only private addresses that are called: our own receivers. */
export const LOOPBACK = ['127.0.0.1'];

export interface Heard {
  readonly id: string;
  readonly timestamp: number;
  readonly signature: string;
  readonly body: string;
  readonly path: string;
  readonly atMs: number;
}

type Behaviour = (heard: Heard, response: ServerResponse) => void;

/** A real server that writes down what it gets, and answers as it is told. */
export interface TestReceiver {
  readonly url: string;
  readonly heard: Heard[];
  /** Calls that it has not answered yet, and the most there ever were at once. */
  readonly open: { now: number; most: number };
  answer: Behaviour;
  close(): Promise<void>;
}

export const answerWith =
  (status: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (_heard, response) =>
    void response.writeHead(status, headers).end(body);

export async function startReceiver(t?: Lifetime): Promise<TestReceiver> {
  const heard: Heard[] = [];
  const open = { now: 0, most: 0 };
  const receiver = { heard, open, answer: answerWith(204) };
  const server = createServer((request, response) => {
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.once('close', () => {
      open.now -= 1;
    });
    readAll(request, (body) => {
      const one = heardOf(request, body);
      heard.push(one);
      receiver.answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t?.after(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(receiver, { url, close });
}

function readAll(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
}

function heardOf(request: IncomingMessage, body: string): Heard {
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    ...{ id: header('webhook-id'), signature: header('webhook-signature'), body },
    ...{ timestamp: Number(header('webhook-timestamp')), path: request.url ?? '' },
    atMs: performance.now(),
  };
}

export function openWebhooks(database: Database) {
  const clock = createFakeClock(START);
  const sealer = createSealer({ secret: SECRET });
  const log = silentLog();
  const metrics = createMetrics();
  const webhooks = createWebhooks({ database, clock, sealer });
  let count = 0;

  /** A worker that ends with the test. */
  function deliver(t: Lifetime, changes: Partial<WebhookDelivererOptions> = {}) {
    const deliverer = createWebhookDeliverer({
      ...{
        database,
        clock,
        log,
        metrics,
        sealer,
        webhooks,
        privateRanges: LOOPBACK,
        intervalMs: 25,
      },
      ...changes,
    });
    deliverer.start();
    t.after(() => deliverer.stop());
    return deliverer;
  }

  function eventOf(changes: Partial<WebhookEvent> = {}): WebhookEvent {
    count += 1;
    return {
      ...{ id: `evt_${count}`, scope: SCOPE, type: 'message.delivered', key: `message_${count}` },
      ...{ occurredAt: clock.now(), data: { count } },
      ...changes,
    };
  }

  async function enqueue(...events: readonly WebhookEvent[]): Promise<void> {
    await database.transaction((tx) => webhooks.enqueue(tx, events));
  }

  async function endpointFor(
    url: string,
    more: Partial<Parameters<Webhooks['createEndpoint']>[0]> = {},
  ) {
    const wish = {
      scope: SCOPE,
      kind: 'endpoint',
      url,
      eventTypes: ['*'],
      description: '',
    } as const;
    const made = await webhooks.createEndpoint({ ...wish, ...more });
    return { ...made, ref: { scope: made.endpoint.scope, id: made.endpoint.id } };
  }

  const all = (filter: Partial<Parameters<Webhooks['deliveries']>[0]> = {}) =>
    webhooks.deliveries({ scope: SCOPE, limit: 10_000, ...filter });

  return {
    all,
    clock,
    database,
    deliver,
    endpointFor,
    enqueue,
    eventOf,
    log,
    metrics,
    sealer,
    webhooks,
  };
}

export type TestWebhooks = ReturnType<typeof openWebhooks>;
