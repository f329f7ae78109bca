import { after } from 'node:test';
import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { createPayments } from '#payments';
import { createRules } from '#rules';
import { openSms, prepareHouse } from '#sms';
import { testDatabase } from '#testing';
import { createCatalogue } from './catalogue.ts';
import type { ConsentInput } from './consent.ts';
import type { Context } from './context.ts';
import { recordConsent } from './record-consent.ts';
import { registerSubscriptions } from './register-subscriptions.ts';
import { type SubscriptionKey, type SubscriptionStatus, subscriptionId } from './subscription.ts';

export const NOW = new Date('2026-11-20T07:00:00Z');

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 1000,
  timeoutMs: 1000,
  inquiry: 'none',
  settleMs: 1000,
  refunds: true,
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: [],
};

/** What the use cases of this domain stand on, real, on a database of its own; nothing charges or sends. */
export async function openHouse() {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
  const base = {
    database,
    clock,
    log: silentLog(),
    metrics: createMetrics(),
    ids: createIdSource(1),
  };
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  const ledger = await createLedger({
    ...base,
    types: await readAccountTypes(STANDARD_ACCOUNT_TYPES),
  });
  const operators = await createOperators(base);
  await database.transaction((tx) => operators.save(tx, operator));
  await operators.refresh();
  const rules = await createRules(base);
  const opened = await openSms({
    ...{ ...base, bus, operators, rules, publicUrl: 'http://kopek.test' },
    sealer: createSealer({ secret: 'a secret that only tests know, long enough' }),
  });
  await prepareHouse({ database, operators, rules });
  const catalogue = createCatalogue(database, clock);
  await database.transaction((tx) =>
    catalogue.add(tx, {
      ...{ serviceCode: 'music', title: 'Music', operator: 'mobilink', priceMinor: 500n },
      ...{ currency: 'PKR', period: 'daily', chargeWindow: { fromMinute: 0, toMinute: 1440 } },
      ...{ retryAfterMinutes: [60], keepDays: 10, recentHours: 0, texts: {} },
    }),
  );
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  const context: Context = {
    ...{ ...base, bus, operators, catalogue, ledger },
    payments: createPayments({ ...base, bus, operators, sealer }),
    sms: opened.sms,
    smsSender: 'Kopek',
    stopLink: (subscription) => `http://kopek.test/stop/${subscription}`,
  };
  after(async () => {
    await operators.close();
    await bus.close();
  });
  return { clock, context, database, ...peopleOf(context) };
}

function peopleOf(context: Context) {
  const { database } = context;
  let people = 0;
  let visits = 0;

  function consentOf(msisdn: string, changes: Partial<ConsentInput> = {}): ConsentInput {
    visits += 1;
    return {
      ...{ msisdn, serviceCode: 'music', termsVersion: 1, visit: `hit_${visits}`, method: 'pin' },
      ...{ textShown: 'Music, 5.00 PKR a day', priceShown: '5.00 PKR a day', locale: 'en' },
      ...{ evidence: { address: '203.0.113.5', tries: 1 }, attribution: { campaign: 'demo' } },
      ...{ shownAt: NOW, confirmedAt: NOW },
      ...changes,
    };
  }

  /** Records consents; answers `con_…` of each. */
  async function consent(inputs: readonly ConsentInput[]): Promise<readonly string[]> {
    const results = await database.transaction((tx) => recordConsent(context, tx, inputs));
    return results.map((result) => result.consent);
  }

  /** A subscription of a customer of its own, in any status, with a bill of period 0 unless it has none yet. */
  async function subscription(status: SubscriptionStatus) {
    people += 1;
    const msisdn = `+92300${1_000_000 + people}`;
    const [name = ''] = await consent([consentOf(msisdn)]);
    const consents = [{ consent: name, msisdn, service: 'music' }];
    await database.transaction((tx) =>
      registerSubscriptions(context, tx, { operator: 'mobilink', consents }),
    );
    const { rows } = await sql<{ customer_id: bigint; id: bigint }>`
      update subscriptions.subscription set status = ${status}, period = ${status === 'registered' ? -1 : 0}
      where customer_id = (select id from subscriptions.customer where msisdn = ${msisdn})
      returning customer_id, id`.execute(database.pool);
    const key: SubscriptionKey = { customerId: rows[0]?.customer_id ?? 0n, id: rows[0]?.id ?? 0n };
    if (status !== 'registered') {
      await sql`
        insert into subscriptions.bill (customer_id, subscription_id, period, amount_minor, currency, opened_at)
        values (${key.customerId}, ${key.id}, 0, 500, 'PKR', ${NOW})`.execute(database.pool);
    }
    return { key, msisdn, id: subscriptionId(key) };
  }

  async function rowOf({ customerId, id }: SubscriptionKey) {
    const { rows } = await sql<{ status: SubscriptionStatus; due_at: Date | null }>`
      select status, due_at from subscriptions.subscription
      where customer_id = ${customerId} and id = ${id}`.execute(database.pool);
    return rows[0] as (typeof rows)[number];
  }

  return { consent, consentOf, rowOf, subscription };
}
