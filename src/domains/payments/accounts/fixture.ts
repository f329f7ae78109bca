import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { createSealer } from '#auth';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createCaller } from '#exchange';
import { Type } from '#http';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { CardAnswer, CardGateway } from '#payments/card-gateway';
import type { NewGatewayAccount, OpenAccount } from './account.ts';
import { createGatewayAccounts } from './create-gateway-accounts.ts';
import type { GatewayMakers } from './gateway-maker.ts';
import { accountInvalid } from './gateway-maker.ts';

export const NOW = new Date('2026-11-20T07:00:00Z');
const SECRET = 'a secret that only tests know, long enough';
const TIMEOUT_MS = 20_000;

type Mood = 'accepts' | 'declines' | 'hangs_up';

/** A gateway of our own, as small as can be: a real server that accepts, declines, or hangs up. */
export async function startTinyGateway() {
  let mood: Mood = 'accepts';
  const keys: (string | undefined)[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  const server = createServer((request, response) => {
    keys.push(request.headers.authorization);
    const answer = () => {
      if (mood === 'hangs_up') return void request.socket.destroy();
      response.writeHead(mood === 'accepts' ? 200 : 402).end();
    };
    if (isHolding) held.push(answer);
    else answer();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  after(() => new Promise((done) => server.close(done)));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The credentials of each call that came, in order. */
    keys,
    become(next: Mood): void {
      mood = next;
    },
    /** Calls that come while it holds are answered when they are let go. */
    hold(isOn = true): void {
      isHolding = isOn;
    },
    letGo(): void {
      isHolding = false;
      for (const answer of held.splice(0)) answer();
    },
  };
}

/** Names of accounts whose gateway was closed, in order. */
export const closed: string[] = [];

/** The talk with it: all there is to it that accounts are to be tested with. */
function createTinyGateway(account: OpenAccount): CardGateway {
  const { key, webhook_key } = account.secrets as Readonly<Record<string, string | undefined>>;
  const { base_url: baseUrl } = account.settings as { readonly base_url: string };
  if (baseUrl.includes('example.org'))
    throw accountInvalid([{ field: 'settings.base_url', message: 'is nobody' }]);
  const caller = createCaller({ connections: 64 });

  async function call(): Promise<CardAnswer> {
    const exchange = await caller.call(baseUrl, {
      ...{ method: 'POST', path: '/', body: '', timeoutMs: TIMEOUT_MS },
      headers: { authorization: [key, webhook_key].filter(Boolean).join(' ') },
    });
    const log = [{ request: 'a call', response: 'an answer' }] as never;
    if (exchange.outcome !== 'answered') {
      const { outcome, reason } = exchange;
      return { result: { outcome, reason }, log };
    }
    const facts = { transaction: '1', amountMinor: 1n, currency: 'RUB', test: true } as const;
    if (exchange.status === 200) return { result: { outcome: 'accepted', facts }, log };
    return { result: { outcome: 'declined', ...FUNDS, code: String(exchange.status) }, log };
  }

  const absent = async () =>
    ({ result: { outcome: 'declined', ...ABSENT, code: '' }, log: [] }) as const;
  return {
    name: account.name,
    capabilities: { receipts: account.kind === 'cloudpayments' } as CardGateway['capabilities'],
    longestMs: () => TIMEOUT_MS,
    settleMs: () => 0,
    ...{ present: absent, chargeCryptogram: absent, completeAuthentication: call },
    ...{ chargeSaved: call, confirm: call, void: absent, refund: call, inquire: call },
    async close() {
      closed.push(account.name);
      await caller.close();
    },
  };
}

const FUNDS = { reason: 'insufficient_funds', class: 'funds' } as const;
const ABSENT = { reason: 'invalid_request', class: 'request' } as const;

const closedObject = { additionalProperties: false } as const;
export const makers: GatewayMakers = {
  cloudpayments: {
    settings: Type.Object(
      {
        base_url: Type.String({ pattern: '^https?://[^\\s]+$' }),
        public_id: Type.String({ pattern: '^[\\w-]{4,100}$' }),
        widget: Type.Optional(Type.Union([Type.Literal('start'), Type.Literal('pay')])),
      },
      closedObject,
    ),
    secrets: Type.Object(
      {
        key: Type.String({ minLength: 8, pattern: '^[!-~]+$' }),
        webhook_key: Type.Optional(Type.String({ minLength: 8 })),
      },
      closedObject,
    ),
    make: createTinyGateway,
  },
  processing: {
    settings: Type.Object({ base_url: Type.String() }, closedObject),
    secrets: Type.Object({}, closedObject),
    make: createTinyGateway,
  },
};

export const KEY = 'a-key-to-look-for';
export const NEW_KEY = 'the-next-key-to-look-for';

/** An account that is in order. */
export function accountOf(more: Partial<NewGatewayAccount> = {}): NewGatewayAccount {
  return {
    ...{ name: 'main', kind: 'cloudpayments', title: 'Main', enabled: true, weight: 1 },
    ...{ settings: { base_url: 'http://127.0.0.1:1', public_id: 'pk_test' } },
    ...{ secrets: { key: KEY }, requestsPerSecond: 1000, ...more },
  };
}

/** Copies of Kopek on one database, each with accounts of its own. */
export function createCopies(database: Database) {
  const clock = createFakeClock(NOW);
  const base = { database, clock, sealer: createSealer({ secret: SECRET }), log: silentLog() };
  const all: Awaited<ReturnType<typeof createGatewayAccounts>>[] = [];
  after(() => Promise.all(all.map((accounts) => accounts.close())));
  return {
    clock,
    async open(secret = SECRET) {
      const metrics = createMetrics();
      const sealer = createSealer({ secret });
      const accounts = await createGatewayAccounts({ ...base, sealer, metrics, makers });
      all.push(accounts);
      const save = (more: Partial<NewGatewayAccount> = {}, actor = 'tester') =>
        database.transaction((tx) => accounts.save(tx, accountOf(more), actor));
      return { accounts, metrics, save };
    },
  };
}

export interface Change {
  readonly actor: string;
  readonly before: { readonly title: string; readonly version: number } | null;
  readonly after: { readonly title: string; readonly secrets_changed: readonly string[] };
}

/** What was written down of changes, oldest first. */
export async function changesOf(database: Database, name: string): Promise<readonly Change[]> {
  const { rows } = await sql<Change>`
    select actor, before, after from payments.gateway_account_change where name = ${name}
    order by id`.execute(database.pool);
  return rows;
}
