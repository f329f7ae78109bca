import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ProviderName,
  type Settings,
  type SmsProviderSimulator,
  type SmsProviderSimulatorOptions,
  startSmsProviderSimulator,
} from './index.ts';

type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly body: Json;
}

/** One line of `/ledger`, of `/messages` or of a handset, as far as tests look at it. */
export interface Shown {
  readonly sequence: number;
  readonly direction?: string;
  readonly msisdn: string;
  readonly provider: ProviderName;
  readonly provider_id: string;
  readonly client_id: string | null;
  readonly from: string;
  readonly text: string;
  readonly parts: number;
  readonly state: string;
  readonly at: string | null;
}

export const number = '79161234567';
const password = 'password-of-the-simulator';
const twilioAccount = 'AC00000000000000000000000000000000';
const twilioToken = '00000000000000000000000000000000';

/** Speaks to a simulator as the providers' clients do: plain fetch, none of the simulator's own code. */
export class Fixture {
  readonly simulator: Pick<SmsProviderSimulator, 'url' | 'port' | 'close'>;

  constructor(simulator: Fixture['simulator']) {
    this.simulator = simulator;
  }

  async call(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(this.simulator.url + path, init);
    const text = await response.text();
    const { headers, status } = response;
    return { status, text, headers, body: parse(text) };
  }

  get(path: string): Promise<Answer> {
    return this.call(path);
  }

  json(method: string, path: string, body: unknown, headers: Json = {}): Promise<Answer> {
    const all = { 'content-type': 'application/json', ...headers } as Record<string, string>;
    return this.call(path, { method, body: JSON.stringify(body), headers: all });
  }

  form(path: string, fields: Record<string, string>, headers: Json = {}): Promise<Answer> {
    return this.call(path, {
      ...{ method: 'POST', body: new URLSearchParams(fields) },
      headers: headers as Record<string, string>,
    });
  }

  smsc(fields: Record<string, string>, script = 'send'): Promise<Answer> {
    const own = { login: 'kopek', psw: password, fmt: '3', charset: 'utf-8' };
    return this.form(`/smsc/sys/${script}.php`, { ...own, ...fields });
  }

  aero(path: string, fields: Json, key = 'api-key-of-the-simulator-00'): Promise<Answer> {
    const authorization = basic('kopek@example.org', key);
    return this.json('POST', `/sms-aero/v2/${path}`, fields, { authorization });
  }

  smsRu(path: string, fields: Record<string, string>): Promise<Answer> {
    const own = { api_id: '00000000-0000-0000-0000-000000000000', json: '1' };
    return this.form(`/sms-ru/${path}`, { ...own, ...fields });
  }

  exolve(method: string, fields: Json, key = password): Promise<Answer> {
    const authorization = `Bearer ${key}`;
    return this.json('POST', `/exolve/messaging/v1/${method}`, fields, { authorization });
  }

  twilio(fields: Record<string, string> | undefined, rest = '', method = 'POST'): Promise<Answer> {
    const path = `/twilio/2010-04-01/Accounts/${twilioAccount}/Messages${rest}.json`;
    const authorization = basic(twilioAccount, twilioToken);
    if (fields && method === 'POST') return this.form(path, fields, { authorization });
    return this.call(path, { method, headers: { authorization } });
  }

  generic(fields: Json, init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${password}`, 'content-type': 'application/json' };
    return this.call('/generic-http/messages', {
      ...{
        method: 'POST',
        headers,
        body: JSON.stringify({ to: number, from: 'Kopek', ...fields }),
      },
      ...init,
    });
  }

  set(provider: ProviderName | 'all', settings: Partial<Settings>): Promise<Answer> {
    return this.json('PUT', `/control/settings/${provider}`, settings);
  }

  scenario(scenario: Json): Promise<Answer> {
    return this.json('POST', '/control/scenarios', scenario);
  }

  /** Everything that was planned happens; resolves when no receipt waits any more. */
  async settle(): Promise<void> {
    await this.json('POST', '/control/deliver', {});
    while (((await this.get('/stats')).body.waiting as number) > 0) await pause();
  }

  async received(query = ''): Promise<readonly Shown[]> {
    return (await this.get(`/ledger?${query}`)).body.received as Shown[];
  }

  async accepted(query = ''): Promise<readonly Shown[]> {
    return (await this.get(`/messages?${query}`)).body.messages as Shown[];
  }
}

export interface Started {
  readonly fixture: Fixture;
  readonly receiver: Receiver;
}

/** A simulator and the platform's end of its callbacks, both gone after the test. */
export async function start(
  t: TestContext,
  settings: Partial<Settings> = {},
  options: Partial<SmsProviderSimulatorOptions> = {},
): Promise<Started> {
  const receiver = new Receiver();
  const url = await receiver.start();
  const folder = options.folder ?? temporaryFolder();
  const simulator = await startSmsProviderSimulator({ port: 0, ...options, folder });
  t.after(async () => {
    await simulator.close();
    receiver.close();
  });
  const fixture = new Fixture(simulator);
  const quick = { deliverMs: { min: 0, max: 0 }, repeatMs: 5, callbackUrl: url, moUrl: url };
  await fixture.set('all', { ...quick, ...settings });
  return { fixture, receiver };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-sms-provider-'));
}

export interface Received {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly form: Record<string, string>;
}

/** The platform's end of callbacks: answers as `answers` says, then always 200. */
export class Receiver {
  readonly received: Received[] = [];
  /** Taken from the front; when it is empty: `standard`. */
  readonly answers: { readonly status: number; readonly body: string }[] = [];
  standard = { status: 200, body: '100' };
  url = '';
  readonly #server: Server;
  #wake: (() => void) | undefined;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const { headers, url = '' } = request;
      const form = Object.fromEntries(new URLSearchParams(body));
      this.received.push({ url, headers, body, form });
      const answer = this.answers.shift() ?? this.standard;
      response.writeHead(answer.status).end(answer.body);
      this.#wake?.();
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/callbacks`;
    return this.url;
  }

  async until(count: number): Promise<readonly Received[]> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function basic(login: string, key: string): string {
  return `Basic ${Buffer.from(`${login}:${key}`).toString('base64')}`;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}
