import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from 'node:test';
import { createApiKey, createKeyring, createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock } from '#clock';
import type { Database } from '#database';
import { createHttpServer } from '#http';
import { createIdSource, uuidV7 } from '#ids';
import { createLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import { createRules, registerRulesRoutes } from '#rules';
import { registerAccountRoutes } from '#sms/http-accounts';
import { registerIncomingRoutes } from '#sms/incoming';
import { openSms } from '#sms/open-sms';
import { prepareHouse } from '#sms/prepare-house';
import { registerCallbackRoutes } from '#sms/reports';
import {
  registerSenderRoutes,
  registerSmsRoutes,
  registerTextRoutes,
  segmentsOf,
} from '#sms/requests';
import { sendGroup } from '#sms/sending';
import { webhookScopeOf } from '#sms/tell-events';
import { incomingSms, smsEvents } from '#sms/topics';
import { freePort, temporaryFolder, testDatabase } from '#testing';
import { registerWebhookRoutes } from '#webhooks';
import { NOW, operator } from './fixture.ts';

/** Who may do what, by the name under which tests call. */
const CALLERS = {
  owner: [
    ...['sms:send', 'sms:read', 'sms:admin', 'rules:read', 'rules:write'],
    ...['webhooks:read', 'webhooks:write'],
  ],
  reader: ['sms:read'],
  sender: ['sender:send', 'webhooks:read', 'webhooks:write'],
  otherSender: ['sender:send'],
  stranger: ['timeline:read'],
} as const;
export type Caller = keyof typeof CALLERS;
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface CallOptions {
  readonly body?: unknown;
  /** A key that we gave out; null: none. */
  readonly as?: Caller | null;
  /** `Idempotency-Key`; one of its own unless told, null: none. */
  readonly once?: string | null;
}

/** The whole SMS API over the house's own parts, on a real port: accounts, rules, webhooks; no sender runs in it yet. */
export async function openSmsService() {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
  const logFile = join(await temporaryFolder(), 'log');
  const log = createLog({ level: 'trace', file: logFile });
  const metrics = createMetrics();
  const base = { database, clock, log, metrics, ids: createIdSource(1) };
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  const operators = await createOperators(base);
  await database.transaction((tx) => operators.save(tx, operator));
  await operators.refresh();
  const rules = await createRules(base);
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  await prepareHouse({ database, operators, rules });
  const opened = await openSms({ ...base, bus, operators, rules, sealer, publicUrl });
  const { accounts, sms, webhooks } = opened;
  await bus.declare([
    { topic: smsEvents, name: 'test' },
    { topic: incomingSms('mobilink'), name: 'test' },
    sendGroup('mobilink'),
  ] as never);
  const server = await createHttpServer({
    log,
    api: { keyring: createKeyring({ database }), database, clock },
  });
  const plans = () => operators.all().map(({ plan }) => plan);
  const routes = { ...base, sms, rules, accounts, bus, operators, publicUrl, plans };
  registerSmsRoutes(server.app, routes);
  registerSenderRoutes(server.app, routes);
  registerTextRoutes(server.app, routes);
  registerAccountRoutes(server.app, routes);
  registerCallbackRoutes(server.app, routes);
  registerIncomingRoutes(server.app, routes);
  registerWebhookRoutes(server.app, { webhooks, scopeOf: webhookScopeOf });
  registerRulesRoutes(server.app, {
    ...routes,
    countSegments: segmentsOf,
    reaches: sms.context.routes.knows,
  });
  const { url } = await server.listen(port, '127.0.0.1');
  after(async () => {
    await server.close();
    await opened.close();
    rules.close();
    await operators.close();
    await bus.close();
  });
  const keys = await makeKeys(database, clock.now());
  return {
    ...{ ...routes, sealer, webhooks, url, metrics },
    call: createCaller(url, keys),
    keyOf: (caller: Caller) => keys[caller].id,
    /** All that was logged, as it stands in the file. */
    async logged(): Promise<string> {
      await new Promise<void>((done) => log.flush(() => done()));
      return readFile(logFile, 'utf8').catch(() => '');
    },
  };
}

export type SmsService = Awaited<ReturnType<typeof openSmsService>>;

async function makeKeys(database: Database, now: Date) {
  const made = await Promise.all(
    Object.entries(CALLERS).map(async ([name, scopes]) => [
      name,
      await createApiKey(database, { name, scopes, now }),
    ]),
  );
  return Object.fromEntries(made) as Record<Caller, { readonly id: string; readonly text: string }>;
}

function createCaller(url: string, keys: Readonly<Record<Caller, { readonly text: string }>>) {
  return async (method: Method, path: string, options: CallOptions = {}) => {
    const { as = 'owner', body, once = uuidV7() } = options;
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(as === null ? {} : { authorization: `Bearer ${keys[as].text}` }),
        ...(once === null ? {} : { 'idempotency-key': once }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: parse(text) };
  };
}

/** Looked into freely: what a test reads of it is what it asserts. */
function parse(text: string) {
  return text.startsWith('{') ? JSON.parse(text) : {};
}

/** An account of the plain kind whose address answers nobody, and an entity that may send through it. */
export async function furnish(service: SmsService): Promise<void> {
  const { accounts, call } = service;
  const must = async (method: Method, path: string, body: object) => {
    const answer = await call(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
  };
  await must('POST', '/v1/sms/providers/first', FIRST_ACCOUNT);
  await accounts.refresh();
  for (const name of ['first', 'second'])
    await must('PUT', `/v1/rules/providers/${name}`, { title: name });
  for (const key of ['alfa', 'beta']) await must('PUT', `/v1/rules/entities/${key}`, { name: key });
  await must('PUT', '/v1/rules/entities/alfa/providers/first', { senders: [{ sender: 'ALFA' }] });
}

export const FIRST_ACCOUNT = {
  ...{ kind: 'smsc', title: 'The first', requests_per_second: 10 },
  settings: { login: 'kopek', base_url: 'http://127.0.0.1:1' },
  secrets: { password: 'a-password-to-look-for', callback_secret: 'a-callback-secret-to-look-for' },
};
