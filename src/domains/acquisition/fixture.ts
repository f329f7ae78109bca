import { after } from 'node:test';
import { createSealer } from '#auth';
import { type Bus, openBus } from '#bus';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createHttpServer, type HttpApp } from '#http';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { createPayments } from '#payments';
import { createRules } from '#rules';
import { type OutgoingSms, openSms, prepareHouse, type Sms, smsEvents } from '#sms';
import { createSubscriptions, newSubscriptions, type Terms, userActions } from '#subscriptions';
import { createLocaleChoice, registerLanguage } from '#subscriptions/speech';
import { testDatabase } from '#testing';
import type { NewCampaign } from './campaign.ts';
import { createAcquisition } from './create-acquisition.ts';
import { registerAcquisitionRoutes } from './http.ts';
import { renderLandingProblem } from './notice-page.ts';
import { accessCampaign } from './topics.ts';

export const PROXY = '10.9.9.9';
export const OPERATOR_ADDRESS = '39.41.7.7';
export const MSISDN = '+923009102250';
const SECRET = 'a secret that only tests know, long enough';

export const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230', '928'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 15,
  timeoutMs: 1000,
  inquiry: 'none',
  settleMs: 1000,
  refunds: true,
  msisdnHeader: 'x-msisdn',
  queryMsisdn: false,
  addressRanges: ['39.41.0.0/16'],
};

const terms: Omit<Terms, 'serviceId' | 'version'> = {
  serviceCode: 'music',
  title: 'Music of the day',
  operator: 'mobilink',
  priceMinor: 500n,
  currency: 'PKR',
  period: 'daily',
  chargeWindow: { fromMinute: 0, toMinute: 1440 },
  retryAfterMinutes: [60],
  keepDays: 30,
  recentHours: 24,
  texts: { content: 'Your song: %s' },
};

export const campaign: NewCampaign = {
  link: 'demo',
  title: 'Demonstration',
  serviceCode: 'music',
  operator: 'mobilink',
  texts: {
    headline: 'A new song every day',
    description: 'One song a day, chosen by people who love music.\nNo advertisements.',
    button: 'Subscribe',
    terms:
      'For prepaid customers of 18 years or older, or with the permission of who pays the bill.',
  },
};

type Sent = Pick<OutgoingSms, 'kind' | 'recipient' | 'body'>;

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** The other end of the connection. */
  readonly from?: string;
}

export type House = Awaited<ReturnType<typeof buildHouse>>;

/** Everything that acquisition stands on, real, on a database of its own; nothing charges or sends. */
export async function buildHouse(changes: Partial<Operator> = {}, keepMs = 0) {
  const database = await testDatabase();
  const clock = createFakeClock(new Date('2026-03-01T10:00:00Z'));
  const log = silentLog();
  const metrics = createMetrics();
  const ids = createIdSource(1);
  const bus = await openBus({
    ...{ url: 'postgres:', database, clock, log, metrics, source: 'kopek/test' },
  });
  const operators = await createOperators({ database, log, metrics });
  await database.transaction((tx) => operators.save(tx, { ...operator, ...changes }));
  await operators.refresh();
  const rules = await createRules({ database, clock, log });
  const { sms } = await openSms({
    ...{ database, bus, clock, ids, log, operators, rules, publicUrl: 'http://kopek.test' },
    sealer: createSealer({ secret: 'a secret that only tests know, long enough' }),
  });
  await prepareHouse({ database, operators, rules });
  const sent: Sent[] = [];
  const listened: Pick<Sms, 'send'> = {
    send: (tx, messages) => {
      sent.push(...messages);
      return sms.send(tx, messages);
    },
  };
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  const payments = createPayments({ database, bus, clock, ids, operators, sealer });
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ database, clock, log, types });
  const subscriptions = createSubscriptions({
    ...{ database, bus, clock, ids, ledger, log, metrics, operators, payments, sms },
    ...{ secret: SECRET, publicUrl: 'http://kopek.test' },
  });
  await declareListeners(bus);
  const addTerms = (more: Partial<typeof terms> = {}) =>
    database.transaction((tx) => subscriptions.addTerms(tx, { ...terms, ...more }));
  await addTerms();
  const acquisition = createAcquisition({
    ...{ database, bus, clock, operators, sms: listened, subscriptions, secret: SECRET, keepMs },
  });
  await acquisition.createCampaign(campaign);
  const locales = createLocaleChoice({ fallback: 'en' });
  const server = await createHttpServer({
    ...{ log, trustedProxies: [PROXY] },
    renderErrorPage: (problem, request) => renderLandingProblem(problem, locales.read(request)),
  });
  registerLanguage(server.app, { publicUrl: 'http://kopek.test' });
  registerAcquisitionRoutes(server.app, acquisition, { locales });
  after(async () => {
    await server.close();
    await operators.close();
    await bus.close();
  });
  const pages = pagesOf(server.app);
  return {
    acquisition,
    addTerms,
    bus,
    clock,
    database,
    server,
    subscriptions,
    ...pages,
    ...readersOf(database, sent),
  };
}

async function declareListeners(bus: Bus): Promise<void> {
  // A topic that nobody listens to stores nothing: these are all that acquisition sets going.
  const topics = [accessCampaign, userActions, newSubscriptions('mobilink'), smsEvents];
  await bus.declare(topics.map((topic) => ({ topic: topic as never, name: 'test' })));
}

function pagesOf(app: HttpApp) {
  const ask = async (
    request: { method: 'GET' | 'POST' | 'HEAD'; url: string; payload?: string },
    asked: Asked,
  ): Promise<Reply> => {
    const form =
      request.payload === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const {
      statusCode: status,
      body,
      headers,
    } = await app.inject({
      ...{ ...request, remoteAddress: asked.from ?? '203.0.113.5' },
      headers: { ...form, ...asked.headers },
    });
    return { status, body, headers };
  };
  return {
    get: (url: string, asked: Asked = {}) => ask({ method: 'GET', url }, asked),
    post: (url: string, fields: Readonly<Record<string, string>>, asked: Asked = {}) =>
      ask({ method: 'POST', url, payload: new URLSearchParams(fields).toString() }, asked),
  };
}

function readersOf(database: Database, sent: readonly Sent[]) {
  return {
    /** Payloads that wait for the group `test`, oldest first. */
    async published<Payload>(topic: { readonly name: string; readonly payload?: Payload }) {
      const { rows } = await sql<{ payload: string }>`
        select m.payload from platform.bus_parcel p join platform.bus_queue q using (queue)
        cross join lateral unnest(string_to_array(p.payloads, U&'\\001f')) with ordinality as m (payload, n)
        where q.topic = ${topic.name} and q.group_name = 'test' order by p.id, m.n`.execute(
        database.pool,
      );
      return rows.map((row) => JSON.parse(row.payload) as Payload);
    },
    /** What was asked to be sent, oldest first. A secret stands here in clear. */
    sent,
    lastPin(): string {
      const body = sent.findLast((message) => message.kind === 'pin')?.body ?? '';
      return /^[0-9]{5}/.exec(body)?.[0] ?? 'no PIN was sent';
    },
    /** How much of everything there is: what must not change when something is refused. */
    async stored(): Promise<unknown> {
      const { rows } = await sql`
        select sum(size) as messages from platform.bus_parcel`.execute(database.pool);
      return { ...(rows[0] as object), sent: sent.length };
    },
  };
}

/** The token in the first form of a page. */
export function tokenIn({ body }: Pick<Reply, 'body'>): string {
  return /name="token" value="([^"]+)"/.exec(body)?.[1] ?? 'no token';
}
