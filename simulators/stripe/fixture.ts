import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Stripe from 'stripe';
import { type StripeSimulatorOptions, startStripeSimulator } from './index.ts';

export interface Entry {
  readonly kind: string;
  readonly reference: string;
  readonly amount_minor: number;
  readonly account: string;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-stripe-'));
}

/** Stripe's own client on a simulator. */
export function clientOf(url: string, key = 'sk_test_kopek'): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    ...{ host: hostname, port: Number(port), protocol: 'http' },
    ...{ maxNetworkRetries: 0, timeout: 20_000, telemetry: false },
  });
}

export async function start(context: TestContext, options: Partial<StripeSimulatorOptions> = {}) {
  const folder = options.folder ?? temporaryFolder();
  const simulator = await startStripeSimulator({ port: 0, ...options, folder });
  context.after(() => simulator.close());
  const get = async (path: string) =>
    (await (await fetch(simulator.url + path)).json()) as Record<string, unknown>;
  const post = async (path: string, body: unknown = {}, method = 'POST') => {
    const response = await fetch(simulator.url + path, {
      ...{ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
    const answer = (await response.json()) as Record<string, unknown>;
    return { status: response.status, body: answer };
  };
  const ledger = async () => {
    const { entries } = (await get('/ledger')) as unknown as { readonly entries: readonly Entry[] };
    return entries.map(({ amount_minor, kind }) => `${kind} ${amount_minor}`);
  };
  const kinds = async () => {
    const events = await client.events.list({ limit: 100 });
    return events.data.map(({ type }) => type).toReversed();
  };
  const client = clientOf(simulator.url);
  return { ...simulator, folder, client, get, post, ledger, kinds };
}

/** Sends a form as a browser does, and says where it is led. */
export async function submit(url: string, fields: Readonly<Record<string, string>>) {
  const response = await fetch(url, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
    headers: {
      ...{ accept: 'text/html', 'sec-fetch-site': 'same-origin' },
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  return {
    status: response.status,
    location: response.headers.get('location') ?? '',
    text: await response.text(),
  };
}

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The merchant's end of notifications: refuses the first `failures` of them. */
export async function listen(context: TestContext, failures = 0) {
  const heard: Heard[] = [];
  let [left, wake] = [failures, () => {}];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    left -= 1;
    if (left < 0) heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(left < 0 ? 200 : 500).end();
    wake();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const until = async (isEnough: () => boolean) => {
    while (!isEnough()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`;
  return { url, heard, until, refused: () => failures - Math.max(0, left) };
}
