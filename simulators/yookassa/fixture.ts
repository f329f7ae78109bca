import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startYooKassaSimulator, type YooKassaSimulatorOptions } from './index.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-yookassa-'));
}

const credentials = `Basic ${Buffer.from('100500:test_kopek').toString('base64')}`;

/** The API by plain fetch. */
export function shopOf(url: string) {
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}/v3${path}`, {
      ...init,
      headers: { authorization: credentials, ...init.headers },
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const send = (path: string, body: unknown, key: string) =>
    call(path, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', 'idempotence-key': key },
    });
  const pay = (key: string, more: Json = {}) => send('/payments', { ...order(key), ...more }, key);
  return { call, send, pay };
}

export function order(payment: string): Json {
  return {
    ...{ amount: { value: '199.00', currency: 'RUB' }, capture: true },
    ...{ confirmation: { type: 'redirect', return_url: 'http://shop.example/back' } },
    ...{ description: 'A month', metadata: { payment } },
  };
}

export async function start(context: TestContext, options: Partial<YooKassaSimulatorOptions> = {}) {
  const folder = options.folder ?? temporaryFolder();
  const simulator = await startYooKassaSimulator({ port: 0, ...options, folder });
  context.after(() => simulator.close());
  const { url } = simulator;
  const control = async (path: string, body: unknown = {}, method = 'POST'): Promise<Answer> => {
    const response = await fetch(url + path, {
      ...{ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const ledger = async () => {
    const { entries } = (await (await fetch(`${url}/ledger`)).json()) as {
      readonly entries: readonly { readonly kind: string; readonly amount_minor: number }[];
    };
    return entries.map(({ amount_minor, kind }) => `${kind} ${amount_minor}`);
  };
  const shop = shopOf(url);
  /** A card that its holder has left: the id of its method. */
  const saved = async (key = 'first') => {
    const { body } = await shop.pay(key, { save_payment_method: true });
    await checkout(body, { answer: 'approve' });
    const { body: paid } = await shop.call(`/payments/${body.id}`);
    return (paid.payment_method as Json).id as string;
  };
  return { ...simulator, ...shop, folder, control, ledger, saved };
}

/** Sends the page's form as a browser does, and says where it is led. */
export async function checkout(payment: Json, fields: Readonly<Record<string, string>>) {
  const { confirmation_url: url } = payment.confirmation as { readonly confirmation_url: string };
  const response = await fetch(url, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
    headers: {
      ...{ accept: 'text/html', 'sec-fetch-site': 'same-origin' },
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  return { status: response.status, location: response.headers.get('location') ?? '' };
}

export interface Notification {
  readonly type: string;
  readonly event: string;
  readonly object: Json;
  readonly ip: string;
}

/** The merchant's end of notifications: refuses the first `failures` of them. */
export async function listen(context: TestContext, failures = 0) {
  const heard: Notification[] = [];
  let [left, wake] = [failures, () => {}];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    left -= 1;
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Notification, 'ip'>;
    if (left < 0) heard.push({ ...body, ip: request.socket.remoteAddress ?? '' });
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
