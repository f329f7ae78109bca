import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after } from 'node:test';
import { migrationsFolder, startApp } from '#app';
import { setSharedClock } from '#clock';
import { readConfig } from '#config';
import { type Database, sql } from '#database';
import { silentLog } from '#log';
import type { Operator } from '#operators';
import type { ProcessName } from '#processes';
import { eventually, freePort, temporaryFolder, testDatabase } from '#testing';
import { createPhone, type Phone } from './phone.ts';

/** The whole house on one database, its operator's simulator beside it, and time that moves when it is told to. */
export type Stage = Awaited<ReturnType<typeof openStage>>;

export interface StageOptions {
  /** Business time stands still from here on; real time without it. */
  readonly at?: string;
  /** Who may say where a request came from; this machine unless told. */
  readonly trustedProxies?: string;
  readonly operator?: Partial<Operator>;
  /** What runs; the carrier pipeline unless told. */
  readonly processes?: readonly ProcessName[];
}

const PROCESSES: readonly ProcessName[] = ['dispatcher', 'mt-manager', 'telco', 'qlistener'];
/** Nobody waits for the operator's rate here: it has tests of its own. */
const CALLS_PER_SECOND = 2000;
const CALL_TIMEOUT_MS = 6000;
const QUIET_LOOKS = 2;
const QUIET_TIMEOUT_MS = 10_000;

/** Opens the house for one test file, as `kopek up` does, with the demo; closed after the file's tests. */
export async function openStage(options: StageOptions = {}) {
  const database = await testDatabase();
  if (options.at) await setSharedClock(database, new Date(options.at));
  const folder = await temporaryFolder();
  const { config } = readConfig({
    DATABASE_URL: database.url,
    KOPEK_DATA_DIR: folder,
    KOPEK_PORT: String(await freePort()),
    OPERATOR_SIMULATOR_PORT: String(await freePort()),
    KOPEK_TRUSTED_PROXIES: options.trustedProxies ?? '127.0.0.1',
  });
  const app = await startApp({
    ...{ config, processes: options.processes ?? PROCESSES, log: silentLog() },
    ...{ demo: true, simulator: true },
  });
  after(() => app.stop());
  const { house } = app;
  const site = `http://127.0.0.1:${config.dispatcherPort}`;
  const simulator = `http://127.0.0.1:${config.operatorSimulatorPort}`;
  const key = (await readFile(join(folder, 'demo-key'), 'utf8')).trim();

  async function changeOperator(changes: Partial<Operator>): Promise<void> {
    const operator = { ...house.operators.get('mobilink'), ...changes };
    await database.transaction((tx) => house.operators.save(tx, operator));
    await house.operators.refresh();
  }

  async function moveTo(moment: Date): Promise<void> {
    await setSharedClock(database, moment);
    await house.clock.refresh();
  }

  const quiet = () => untilQuiet(database, house);
  const get = (path: string, given: Asking = {}) => askJson(site + path, key, { ...given });
  const post = (path: string, body: unknown, given: Asking = {}) =>
    askJson(site + path, key, { ...given, method: 'POST', body });
  await changeOperator({
    ...{ requestsPerSecond: CALLS_PER_SECOND, timeoutMs: CALL_TIMEOUT_MS },
    ...options.operator,
  });
  return {
    ...{ app, changeOperator, database, get, house, key, moveTo, post, quiet, simulator, site },
    migrationsFolder,
    phone: (digits: string): Phone => createPhone({ digits, site, simulator }),
    /** What is under way is done; then business time goes on by so much, and all that is due by then is done. */
    async pass(step: { days?: number; hours?: number; minutes?: number }): Promise<void> {
      const { days = 0, hours = 0, minutes = 0 } = step;
      await quiet();
      const aheadMs = ((days * 24 + hours) * 60 + minutes) * 60_000;
      await moveTo(new Date(house.clock.nowMs() + aheadMs));
      await quiet();
    },
    /** The story of a number by the API. What happens to each SMS runs beside the rest: a list of its own. */
    async story(msisdn: string) {
      await quiet();
      const { body } = await get(`/v1/timeline?limit=200&msisdn=${encodeURIComponent(msisdn)}`);
      const events = body.items as readonly TimelineEvent[];
      const kinds = events.filter(({ kind }) => !kind.startsWith('sms.')).map(({ kind }) => kind);
      return { events, kinds, sms: storiesOfSms(events) };
    },
    async subscriptionsOf(msisdn: string): Promise<readonly Shown[]> {
      return (await get(`/v1/subscriptions?msisdn=${encodeURIComponent(msisdn)}`)).body
        .items as Shown[];
    },
    async bills(subscription: string): Promise<readonly ShownBill[]> {
      return (await get(`/v1/subscriptions/${subscription}`)).body.bills as ShownBill[];
    },
    /** How much of everything there is: what must not change when something is refused. */
    async stored(): Promise<unknown> {
      const { rows } = await sql`
        select (select count(*) from subscriptions.consent) as consents,
          (select count(*) from subscriptions.subscription) as subscriptions,
          (select count(*) from subscriptions.stop) as stops,
          (select count(*) from payments.payment) as payments,
          (select count(*) from sms.message) as sms,
          (select count(*) from sms.incoming) as incoming,
          (select count(*) from platform.idempotency_key) as answers`.execute(database.pool);
      return rows[0];
    },
  };
}

export interface TimelineEvent {
  readonly at: string;
  readonly kind: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Shown {
  readonly subscription: string;
  readonly status: string;
  readonly service: string;
  readonly due_at?: string;
  readonly paid_until?: string;
  readonly end_reason?: string;
}

export interface ShownBill {
  readonly period: number;
  readonly state: string;
  readonly reason?: string;
  readonly attempts: number;
}

export interface Asking {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  /** An API key; none for an empty text, the demo's unless told. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `welcome: queued, sent`: one line a message, in the order in which they were asked for. */
function storiesOfSms(events: readonly TimelineEvent[]): readonly string[] {
  const sms = events.filter(({ kind }) => kind.startsWith('sms.'));
  return [...Map.groupBy(sms, ({ subject }) => subject).values()].map((some) => {
    const steps = some.map(({ kind }) => kind.slice('sms.'.length));
    return `${some[0]?.detail.kind}: ${steps.join(', ')}`;
  });
}

async function askJson(url: string, demoKey: string, asking: Asking) {
  const key = asking.key ?? demoKey;
  const response = await fetch(url, {
    method: asking.method ?? 'GET',
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(asking.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asking.headers,
    },
    ...(asking.body === undefined
      ? {}
      : { body: typeof asking.body === 'string' ? asking.body : JSON.stringify(asking.body) }),
  });
  const text = await response.text();
  const body = JSON.parse(text) as Record<string, unknown>;
  return { status: response.status, text, body, headers: response.headers };
}

/** Until nothing is waiting, due or under way, looked at twice. What nobody knows yet (`unknown`) may stay. */
async function untilQuiet(
  database: Database,
  { clock }: Awaited<ReturnType<typeof startApp>>['house'],
) {
  let looks = 0;
  await eventually(
    async () => {
      const { rows } = await sql<Record<string, bigint>>`
        select (select count(*) from platform.bus_parcel) as messages,
          (select count(*) from platform.bus_delayed where due_at <= ${clock.now()}) as delayed,
          (select count(*) from payments.payment
            where closed_at is null and state in ('claimed', 'sending')) as payments,
          (select count(*) from sms.message
            where closed_at is null and state in ('claimed', 'submitting')) as sms,
          (select count(*) from subscriptions.subscription where due_at <= ${clock.now()}) as due`.execute(
        database.pool,
      );
      const busy = Object.entries(rows[0] ?? {}).filter(([, count]) => count > 0n);
      looks = busy.length === 0 ? looks + 1 : 0;
      if (looks < QUIET_LOOKS) throw new Error(`under way: ${busy.join(' ')}`);
    },
    { timeoutMs: QUIET_TIMEOUT_MS },
  );
}
