import type { Tx } from '#database';
import { must } from '#errors';
import { lockCustomersByMsisdn } from './consent-store.ts';
import { announce, type Context } from './context.ts';
import { fail } from './errors.ts';
import { CARD } from './sms-route.ts';
import {
  type BillChange,
  type BilledRow,
  closeBills,
  insertStop,
  lockStoppable,
  type SubscriptionChange,
  writeSubscriptions,
} from './store.ts';
import { billReference, cardReference, nextStatus } from './subscription.ts';

export interface StopInput {
  /** E.164 with the plus; it need not be a customer's. */
  readonly msisdn: string;
  /** Absent: every service of this number. */
  readonly serviceCode?: string;
  readonly channel: 'sms' | 'link' | 'api';
  /** What was said, and how. */
  readonly evidence: string;
  readonly saidAt: Date;
  /** Who brought it, when it came by SMS: the answer goes back the same way, also to a stranger. */
  readonly operator?: string;
}

/** How many subscriptions a STOP has ended, and when. */
export interface Stopped {
  readonly cancelled: number;
  readonly at: Date;
}

const ANSWER_VALID_MS = 3_600_000;
const NOTHING_TO_STOP = 'You have no subscription with us. Nothing will be charged.';

/**
 * STOP: stored first, with its time, then everything alive is cancelled and what was not sent yet is withdrawn,
 * in one transaction. A consent older than the stop that has not become a subscription yet ends at the door.
 */
export async function stopSubscriptions(
  context: Context,
  tx: Tx,
  input: StopInput,
): Promise<Stopped> {
  const { catalogue, clock, ids, payments } = context;
  const now = clock.now();
  const [customer] = await lockCustomersByMsisdn(tx, [input.msisdn], now);
  must(customer, 'a customer was made for the number');
  const service = input.serviceCode ? await catalogue.newest(input.serviceCode) : undefined;
  // A code that nobody knows must not become "all services".
  if (input.serviceCode && !service)
    throw fail('service_unknown', `There is no service ${input.serviceCode}.`);
  const serviceId = service?.serviceId ?? null;
  const { channel, evidence, saidAt } = input;
  const isNew = await insertStop(tx, {
    customerId: customer.id,
    id: ids.next(now.getTime()),
    serviceId,
    channel,
    evidence,
    saidAt,
  });
  // A message that came twice: all that it ends has ended, and its answer was given.
  if (!isNew) return { cancelled: 0, at: now };
  const rows = await lockStoppable(tx, { customerId: customer.id, serviceId, saidAt });
  const termsOf = await catalogue.versions(
    tx,
    rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version })),
  );
  const announcement = announce(context, now);
  const reason = `stop_by_${channel}`;
  for (const row of rows) {
    const terms = termsOf(row.service_id, row.terms_version);
    announcement.event(row, terms, { event: 'cancelled', status: 'cancelled', reason });
    announcement.status(row, 'cancelled', reason);
    announcement.sms(row, terms, { occasion: 'unsubscribed', fact: 'cancelled' });
  }
  await writeSubscriptions(
    tx,
    rows.map((row) => cancelled(row, { now, reason })),
  );
  await closeBills(
    tx,
    rows.flatMap((row) => voided(row, now)),
  );
  for (const [gateway, some] of Map.groupBy(rows, (row) => row.operator)) {
    await payments.withdraw(tx, {
      ...{ customerId: customer.id, gateway, reason },
      references: some.flatMap((row) => references(row)),
    });
  }
  await announcement.publish(tx);
  if (rows.length === 0 && input.operator)
    await answerStranger(context, tx, { ...input, operator: input.operator });
  return { cancelled: rows.length, at: now };
}

function cancelled(row: BilledRow, why: { now: Date; reason: string }): SubscriptionChange {
  const status = nextStatus(row.status, 'cancel');
  must(status, `cancel follows ${row.status}`);
  return {
    ...{ customerId: row.customer_id, id: row.id, status, period: row.period, dueAt: null },
    ...{ paidUntil: row.paid_until, endedAt: why.now, endReason: why.reason },
  };
}

function voided(row: BilledRow, now: Date): BillChange[] {
  if (row.bill_period === null) return [];
  return [
    {
      subscription: { customerId: row.customer_id, id: row.id },
      ...{ period: row.bill_period, state: 'void', reason: 'stopped' },
      ...{ attempts: row.bill_attempts ?? 0, closedAt: now },
    },
  ];
}

function references(row: BilledRow): string[] {
  const key = { customerId: row.customer_id, id: row.id };
  // A page on which another card is being left is closed with it.
  const page = row.operator === CARD ? [cardReference(key)] : [];
  return row.bill_period === null ? page : [billReference(key, row.bill_period), ...page];
}

async function answerStranger(
  { clock, operators, sms }: Context,
  tx: Tx,
  { msisdn, operator }: StopInput & { readonly operator: string },
): Promise<void> {
  await sms.send(tx, [
    {
      ...{ provider: operator, recipient: msisdn, sender: operators.get(operator).shortCode },
      ...{ body: NOTHING_TO_STOP, kind: 'unsubscribed', priority: 1 },
      expiresAt: new Date(clock.nowMs() + ANSWER_VALID_MS),
    },
  ]);
}
