import { createHmac } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type CloudPaymentsSimulatorOptions,
  cryptogramOf,
  type SiteWish,
  standardPublicId,
  startCloudPaymentsSimulator,
} from './index.ts';

export const secret = '0123456789abcdef0123456789abcdef';

export const cards = {
  plain: '4000000000003055',
  threeDs: '4242424242424242',
  threeDsNoMoney: '4012888888881881',
  renewalsFail: '4111111111111111',
  noMoney: '4000056655665556',
} as const;

export type Values = Readonly<Record<string, unknown>>;

/** The envelope of an answer, as a merchant reads it. */
export interface Answered {
  readonly status: number;
  readonly Success?: boolean;
  readonly Message?: string | null;
  /** Every endpoint has one of its own; some are lists. */
  readonly Model?: Values;
  readonly text: string;
}

export interface CallOptions {
  readonly requestId?: string;
  readonly form?: true;
  readonly publicId?: string;
  readonly secret?: string;
  readonly timeoutMs?: number;
}

/** The model of an answer that is a list. */
export function listOf({ Model }: Answered): readonly Values[] {
  return Model as unknown as readonly Values[];
}

/** A merchant of the simulator: plain fetch, and nothing of the simulator's own code. */
export class Fixture {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async call(path: string, fields: Values = {}, options: CallOptions = {}): Promise<Answered> {
    const login = `${options.publicId ?? standardPublicId}:${options.secret ?? secret}`;
    const response = await fetch(`${this.url}/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
        'content-type': options.form ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(options.requestId === undefined ? {} : { 'x-request-id': options.requestId }),
      },
      body: options.form
        ? new URLSearchParams(fields as Record<string, string>).toString()
        : JSON.stringify(fields),
      ...(options.timeoutMs === undefined
        ? {}
        : { signal: AbortSignal.timeout(options.timeoutMs) }),
    });
    const text = await response.text();
    const body = text.startsWith('{') ? JSON.parse(text) : {};
    return { status: response.status, text, ...body };
  }

  /** A payment of 199.00 by a card that is entered. */
  charge(number: string, fields: Values = {}, options: CallOptions = {}): Promise<Answered> {
    return this.call('payments/cards/charge', { ...cardFields(number), ...fields }, options);
  }

  async tokenOf(number: string, accountId = 'user-1', options: CallOptions = {}): Promise<string> {
    const fields = { AccountId: accountId, SaveCard: true };
    const { Model, text } = await this.charge(number, fields, options);
    if (typeof Model?.Token !== 'string') throw new Error(`No token: ${text}`);
    return Model.Token;
  }

  chargeToken(token: string, fields: Values = {}, options: CallOptions = {}): Promise<Answered> {
    return this.call(
      'payments/tokens/charge',
      {
        ...{ Amount: 199, Currency: 'RUB', AccountId: 'user-1', Token: token },
        ...{ TrInitiatorCode: 0, PaymentScheduled: 1, InvoiceId: 'inv-2', ...fields },
      },
      options,
    );
  }

  async get(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path);
    return (await response.json()) as Record<string, unknown>;
  }

  async send(method: string, path: string, body: Values = {}): Promise<Values> {
    const response = await fetch(this.url + path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return { status: response.status, ...((await response.json()) as object) };
  }

  async scenario(scenario: Values): Promise<void> {
    const answer = await this.send('POST', '/control/scenarios', scenario);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer));
  }

  async advance(advanceMs: number): Promise<void> {
    const answer = await this.send('POST', '/control/clock', { advanceMs });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
  }

  /** Everything that is due has been done. */
  async settle(): Promise<void> {
    await this.send('POST', '/control/settle');
  }

  async ledger(query = ''): Promise<readonly Values[]> {
    const { entries } = await this.get(`/ledger?${query}`);
    return entries as Values[];
  }

  /** `debit 199`, in their order. */
  async movements(query = ''): Promise<readonly string[]> {
    const entries = await this.ledger(query);
    return entries.map(({ amountMinor, kind }) => `${kind} ${Number(amountMinor) / 100}`);
  }
}

export function cardFields(number: string): Values {
  return {
    ...{ Amount: 199, Currency: 'RUB', IpAddress: '203.0.113.7', InvoiceId: 'inv-1' },
    CardCryptogramPacket: cryptogramOf({ number, expires: '12/59', name: 'IVAN IVANOV' }),
  };
}

export async function startFixture(
  t: TestContext,
  options: Partial<CloudPaymentsSimulatorOptions> = {},
): Promise<Fixture> {
  const folder = options.folder ?? temporaryFolder();
  const simulator = await startCloudPaymentsSimulator({ port: 0, ...options, folder });
  t.after(() => simulator.close());
  return new Fixture(simulator.url);
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kopek-cloudpayments-'));
}

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The body of a POST, the query of a GET: what is signed. */
  readonly raw: string;
  readonly fields: Readonly<Record<string, string>>;
}

type Say = (received: Received) => { status?: number; body?: string; hang?: true } | undefined;

/** The merchant's end of notifications: says `{"code":0}` unless told otherwise. */
export class Merchant {
  readonly received: Received[] = [];
  /** Undefined: it agrees. */
  say: Say = () => undefined;
  url = '';
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { headers, method = '', url = '' } = request;
      const [path = '', query = ''] = url.split('?');
      const raw = method === 'GET' ? query : Buffer.concat(chunks).toString();
      const isJson = headers['content-type']?.startsWith('application/json') === true;
      const fields = isJson ? JSON.parse(raw) : Object.fromEntries(new URLSearchParams(raw));
      const received = { path: path.slice(1), method, headers, raw, fields };
      this.received.push(received);
      const { body = '{"code":0}', hang, status = 200 } = this.say(received) ?? {};
      if (!hang) response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  }

  async start(t: TestContext): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    t.after(() => {
      this.#server.close();
      this.#server.closeAllConnections();
    });
    return this;
  }

  /** A terminal that tells of these. */
  site(...types: readonly string[]): Record<string, SiteWish> {
    const notifications = Object.fromEntries(
      types.map((type) => [type, `${this.url}/${type.toLowerCase()}`]),
    );
    return { [standardPublicId]: { notifications } };
  }

  paths(): readonly string[] {
    return this.received.map(({ path }) => path);
  }
}

/** Reckoned apart from the simulator's own code. */
export function hmac(text: string | Buffer): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}
