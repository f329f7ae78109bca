import { after } from 'node:test';
import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createHttpServer, html } from '#http';
import { createIdSource, formatId } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { createPayments } from '#payments';
import { createRules } from '#rules';
import { openSms, prepareHouse, smsEvents } from '#sms';
import {
  createSubscriptions,
  type SubscriptionEvent,
  type Subscriptions,
  subscriptionGroups,
  userActions,
} from '#subscriptions';
import { testDatabase } from '#testing';
import { createContent } from './create-content.ts';
import { registerContentRoutes } from './http.ts';
import { contentEvents } from './topics.ts';
import { contentGroup } from './worker.ts';

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
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
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: [],
};

/** Everything that content stands on, real, on a database of its own; nothing charges or sends. */
export async function buildHouse() {
  const database = await testDatabase();
  const clock = createFakeClock(new Date('2026-03-01T10:00:00Z'));
  const log = silentLog();
  const metrics = createMetrics();
  const ids = createIdSource(1);
  const bus = await openBus({
    ...{ url: 'postgres:', database, clock, log, metrics, source: 'kopek/test' },
  });
  const operators = await createOperators({ database, log, metrics });
  await database.transaction((tx) => operators.save(tx, operator));
  await operators.refresh();
  const rules = await createRules({ database, clock, log });
  const { sms } = await openSms({
    ...{ database, bus, clock, ids, log, operators, rules, publicUrl: 'http://kopek.test' },
    sealer: createSealer({ secret: 'a secret that only tests know, long enough' }),
  });
  await prepareHouse({ database, operators, rules });
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  const payments = createPayments({ database, bus, clock, ids, operators, sealer });
  const publicUrl = 'http://kopek.test';
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ database, clock, log, types });
  const subscriptions = createSubscriptions({
    ...{ database, bus, clock, ids, ledger, log, metrics, operators, payments, sms },
    ...{ secret: 'a secret that only tests know, long enough', publicUrl },
  });
  const listeners = [contentEvents, smsEvents, userActions].map((topic) => ({
    topic,
    name: 'test',
  }));
  await bus.declare([...listeners, contentGroup, ...subscriptionGroups('mobilink')] as never);
  const content = createContent({
    ...{ database, bus, clock, ids, operators, sms, subscriptions, publicUrl: `${publicUrl}/` },
  });
  const server = await createHttpServer({ log });
  const frame = ({
    title,
    body,
  }: {
    readonly title: string;
    readonly body: ReturnType<typeof html>;
  }) => ({
    html: html`<title>${title}</title>${body}`,
  });
  registerContentRoutes(server.app, content, { frame });
  after(async () => {
    await server.close();
    await operators.close();
    await bus.close();
  });
  const house = { bus, clock, content, database, server, subscriptions };
  return {
    ...house,
    ...readersOf(database),
    addService: (code: string, more = {}) => addService(house, code, more),
  };
}

async function addService(
  {
    database,
    subscriptions,
  }: { readonly database: Database; readonly subscriptions: Subscriptions },
  serviceCode: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  await database.transaction((tx) =>
    subscriptions.addTerms(tx, {
      ...{ serviceCode, title: `The ${serviceCode}`, operator: 'mobilink', priceMinor: 500n },
      ...{ currency: 'PKR', period: 'daily', chargeWindow: { fromMinute: 0, toMinute: 1440 } },
      ...{ retryAfterMinutes: [60], keepDays: 30, recentHours: 24, texts },
    }),
  );
}

function readersOf(database: Database) {
  /** Payloads that wait for the group `test`, oldest first. */
  async function published<Payload>(topic: { readonly name: string; readonly payload?: Payload }) {
    const { rows } = await sql<{ payload: string }>`
      select m.payload from platform.bus_parcel p join platform.bus_queue q using (queue)
      cross join lateral unnest(string_to_array(p.payloads, U&'\\001f')) with ordinality as m (payload, n)
      where q.topic = ${topic.name} and q.group_name = 'test' order by p.id, m.n`.execute(
      database.pool,
    );
    return rows.map((row) => JSON.parse(row.payload) as Payload);
  }

  return {
    published,
    /** Texts of the content SMS to a number, oldest first. */
    /** Texts of the content SMS to a number, oldest first. */
    async texts(msisdn: string): Promise<readonly string[]> {
      const events = await published(smsEvents);
      return events
        .filter((one) => one.msisdn === msisdn && one.kind === 'content' && one.event === 'queued')
        .map((one) => one.text);
    },
    /** Titles of what was delivered to a number, oldest first. */
    async titles(msisdn: string): Promise<readonly string[]> {
      const { rows } = await sql<{ title: string }>`
        select i.title from content.delivery d join content.item i on i.id = d.item_id
        where d.msisdn = ${msisdn} order by d.id`.execute(database.pool);
      return rows.map((row) => row.title);
    },
  };
}

/** As subscriptions would tell that a period of customer `number` was paid. */
export function paid(number: number, period: number, service: string): SubscriptionEvent {
  const subscription = formatId('sub', { customerId: BigInt(number), id: BigInt(number) });
  return {
    ...{ event: period === 0 ? 'charged' : 'renewed', subscription, service, period },
    ...{
      msisdn: `+92300${String(number).padStart(7, '0')}`,
      operator: 'mobilink',
      status: 'active',
    },
    ...{ bill: `${subscription}/${period}`, at: '2026-03-01T10:00:00.000Z' },
  };
}
