import assert from 'node:assert/strict';
import { after } from 'node:test';
import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { must } from '#errors';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { createRules } from '#rules';
import type { Routes } from '#sms/context';
import { createSms } from '#sms/create-sms';
import { parseSmsId } from '#sms/message';
import { prepareHouse } from '#sms/prepare-house';
import type {
  SmsLine,
  SmsOrder,
  SmsOutcome,
  SmsProvider,
  SmsQuestion,
  StatusReport,
} from '#sms/provider';
import type { Asked } from '#sms/requests';
import { accountGroup, createSendWorker, sendGroup } from '#sms/sending';
import { smsEvents } from '#sms/topics';
import { createClerk } from '#sms/upkeep';
import { eventually, testDatabase } from '#testing';
import { createWebhooks } from '#webhooks';

export const NOW = new Date('2026-03-02T10:00:00Z');
export const ENTITY = 'alfa';
const SENDER = 'ALFA';
const PATIENCE = { timeoutMs: 20_000 };

export const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 1000,
  timeoutMs: 400,
  inquiry: 'none',
  settleMs: 1000,
  refunds: true,
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: ['127.0.0.0/8'],
};

/** The seam, scripted: says what it is told to say, and keeps what was on its handsets. */
export interface ScriptedProvider extends SmsProvider {
  readonly handsets: SmsOrder[];
  readonly asked: SmsQuestion[];
  /** What it was asked to drop. */
  readonly revoked: SmsQuestion[];
  /** Answers of the next sends; `accepted` when there is none. `leaves`: it is on a handset all the same. */
  readonly script: { readonly result: SmsOutcome; readonly leaves?: boolean }[];
  /** What it answers when it is asked. */
  reports: (questions: readonly SmsQuestion[]) => readonly StatusReport[];
  admitting: boolean;
  capabilities: SmsProvider['capabilities'];
}

export function scriptedProvider(name: string): ScriptedProvider {
  let ids = 0;
  const provider: ScriptedProvider = {
    ...{ name, handsets: [], asked: [], revoked: [], script: [], admitting: true },
    reports: () => [],
    capabilities: {
      ...{ receipts: 'push', inquiry: 'byOurId', status: true, cancel: true, validity: 'second' },
      ...{ balance: false, segmentsMax: 10 },
    },
    longestMs: () => 5000,
    async send(order) {
      const said = provider.script.shift();
      if (!said || said.leaves || said.result.outcome === 'accepted') provider.handsets.push(order);
      ids += 1;
      const accepted = { outcome: 'accepted', providerMessageIds: [`${name}-${ids}`] } as const;
      return { result: said?.result ?? accepted, log: [] };
    },
    async ask(questions) {
      provider.asked.push(...questions);
      return provider.reports(questions);
    },
    async cancel(question) {
      provider.revoked.push(question);
      return 'cancelled';
    },
  };
  return provider;
}

/** A line that has room whenever its provider takes messages, but for what is told. */
export function freeLine(provider: ScriptedProvider, changes: Partial<SmsLine> = {}): SmsLine {
  return {
    provider,
    admits: () => provider.admitting,
    perSecond: () => 1000,
    take: async (most) => Math.min(most, 100),
    heard() {},
    ...changes,
  };
}

function routesOf(providers: readonly ScriptedProvider[]): Routes {
  return {
    knows: (name) => name === 'mobilink' || providers.some((one) => one.name === name),
    admits: (name) => providers.find((one) => one.name === name)?.admitting ?? true,
    perSecond: () => 1000,
    operatorOf: (msisdn) => (msisdn.startsWith('+9230') ? 'mobilink' : undefined),
  };
}

/** The SMS service, real, on a database of its own, with two scripted providers that the entity may use. */
export async function openSmsHouse() {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
  const log = silentLog();
  const metrics = createMetrics();
  const ids = createIdSource(1);
  const base = { database, clock, log, metrics, ids };
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  const operators = await createOperators(base);
  await database.transaction((tx) => operators.save(tx, operator));
  await operators.refresh();
  const rules = await createRules(base);
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  const webhooks = createWebhooks({ database, clock, sealer });
  await prepareHouse({ database, operators, rules });
  const first = scriptedProvider('first');
  const second = scriptedProvider('second');
  const providers = [first, second];
  const sms = createSms({ ...base, bus, rules, webhooks, routes: routesOf(providers) });
  const { context } = sms;
  await database.transaction(async (tx) => {
    await rules.saveEntity(tx, { key: ENTITY, name: 'Alfa' }, 'test');
    for (const [rank, { name }] of [first, second].entries()) {
      await rules.saveProvider(tx, { name, title: name }, 'test');
      const pair = { entity: ENTITY, provider: name, senders: [{ sender: SENDER }], rank };
      await rules.allowProvider(tx, pair, 'test');
    }
  });
  await rules.refresh();
  await bus.declare([
    { topic: smsEvents, name: 'test' },
    sendGroup('mobilink'),
    ...[first, second].map(({ name }) => accountGroup(name)),
  ] as never);
  const senderOf = (provider: ScriptedProvider) =>
    createSendWorker({
      bus,
      context,
      line: freeLine(provider),
      group: accountGroup(provider.name),
    });
  const clerk = createClerk({ context, providers: () => providers, intervalMs: 20 });
  after(async () => {
    await clerk.stop();
    await sms.drain();
    rules.close();
    await operators.close();
    await bus.close();
  });
  return {
    ...{ ...base, bus, clerk, context, first, rules, second, senderOf, sms, webhooks },
    /** Takes one more message, which is of use for an hour. */
    async take(
      changes: Partial<Asked> = {},
    ): Promise<{ readonly id: string; readonly to: string }> {
      const expiresAt = new Date(clock.nowMs() + 3_600_000);
      const message = askedMessage({ expiresAt, ...changes });
      const [taken] = await sms.intake.take([message]);
      must(taken?.outcome === 'taken', 'a message with a reference of its own is taken');
      return { id: taken.sms, to: message.recipient };
    },
    until: (id: string, state: string) =>
      eventually(async () => assert.equal(await stateOf({ database }, id), state), PATIENCE),
  };
}

export type SmsHouse = Awaited<ReturnType<typeof openSmsHouse>>;

let people = 0;

/** A message of the entity to a number of its own. */
export function askedMessage(changes: Partial<Asked> = {}): Asked {
  people += 1;
  return {
    ...{ origin: 'api', entity: ENTITY, class: 'transaction', person: null, sender: SENDER },
    ...{ recipient: `+9230${String(10_000_000 + people)}`, body: 'Your order is on its way' },
    ...{ kind: 'transaction', secret: false, priority: 1, reference: null, dedupeKey: null },
    ...{ clientReference: `own:${people}`, callbackUrl: null, facts: null, wanted: null },
    ...{ notBefore: null, expiresAt: new Date(NOW.getTime() + 3_600_000), terms: '' },
    ...changes,
  };
}

export async function stateOf(
  { database }: { readonly database: Database },
  sms: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ state: string }>`
    select state from sms.message where id = ${parseSmsId(sms)}`.execute(database.pool);
  return rows[0]?.state;
}

export async function historyOf({ database, sms: service }: SmsHouse, sms: string) {
  return (await service.history(database.pool, sms)).map(({ state }) => state);
}
