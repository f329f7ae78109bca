import { nextInside } from '#clock';
import type { Tx } from '#database';
import { must } from '#errors';
import type { NumberList } from '#operators';
import type { ChargeRequest } from '#payments';
import { allocationNow, announce, type Context } from './context.ts';
import { chargeableUntil } from './schedule.ts';
import {
  findRivals,
  findStopped,
  insertBills,
  lockCustomers,
  lockSubscriptions,
  type NewBill,
  type SubscriptionChange,
  type SubscriptionRow,
  writeSubscriptions,
} from './store.ts';
import {
  billReference,
  nextStatus,
  parseSubscriptionId,
  type SubscriptionStep,
} from './subscription.ts';
import type { Terms } from './terms.ts';
import type { FirstCharge } from './topics.ts';

const FRESH_CONSENT = 2;

type Verdict =
  | { readonly step: 'admit' }
  | { readonly step: Exclude<SubscriptionStep, 'admit'>; readonly reason: string };

/**
 * The checks at the door, in this order: STOP said since, rejected (alive or too recent), blacklisted,
 * postpaid. Who passes gets the first bill, and its charge goes out before all others.
 */
export async function beginSubscriptions(
  context: Context,
  tx: Tx,
  requests: readonly FirstCharge[],
): Promise<void> {
  const { catalogue, clock, operators, payments } = context;
  const now = clock.now();
  // A message that came twice in one batch is one.
  const keys = [...new Set(requests.map((request) => request.subscription))].map(
    parseSubscriptionId,
  );
  await lockCustomers(
    tx,
    keys.map((key) => key.customerId),
  );
  const rows = (await lockSubscriptions(tx, keys)).filter((row) => row.status === 'registered');
  if (rows.length === 0) return;
  const termsOf = await catalogue.versions(
    tx,
    rows.map((row) => ({ serviceId: row.service_id, version: row.terms_version })),
  );
  const verdictOf = await judge(context, tx, rows);
  const allocationOf = await allocationNow(context);
  const announcement = announce(context, now);
  const changes: SubscriptionChange[] = [];
  const bills: NewBill[] = [];
  const charges: ChargeRequest[] = [];
  for (const row of rows) {
    const terms = termsOf(row.service_id, row.terms_version);
    const verdict = verdictOf(row);
    const key = { customerId: row.customer_id, id: row.id };
    const status = nextStatus(row.status, verdict.step);
    must(status, `${verdict.step} follows ${row.status}`);
    const unchanged = { ...key, paidUntil: null };
    if (verdict.step !== 'admit') {
      changes.push({
        ...unchanged,
        status,
        period: -1,
        dueAt: null,
        endedAt: now,
        endReason: verdict.reason,
      });
      announcement.event(row, terms, { event: 'refused', status, reason: verdict.reason });
      announcement.status(row, status, verdict.reason);
      announcement.sms(row, terms, { occasion: status, fact: 'door' });
      continue;
    }
    const { timeZone } = operators.get(row.operator);
    const opens = nextInside(now, terms.chargeWindow, timeZone);
    const waits = opens.getTime() !== now.getTime();
    changes.push({
      ...{ ...unchanged, status, period: waits ? -1 : 0, dueAt: waits ? opens : null },
      ...{ endedAt: null, endReason: null },
    });
    announcement.status(row, status);
    if (waits) continue;
    bills.push(openBill(key, terms));
    charges.push({
      ...{ customerId: key.customerId, gateway: row.operator, msisdn: row.msisdn },
      ...{ amountMinor: terms.priceMinor, currency: terms.currency, priority: FRESH_CONSENT },
      reference: billReference(key, 0),
      notAfter: chargeableUntil(0, row.anchor_at, { terms, timeZone, now }),
      ...allocationOf(terms),
    });
  }
  await writeSubscriptions(tx, changes);
  await insertBills(tx, bills, now);
  await payments.request(tx, charges);
  await announcement.publish(tx);
}

function openBill(subscription: NewBill['subscription'], terms: Terms): NewBill {
  const { currency, priceMinor } = terms;
  return {
    subscription,
    period: 0,
    amountMinor: priceMinor,
    currency,
    state: 'open',
    reason: null,
  };
}

async function judge(
  { operators }: Context,
  tx: Tx,
  rows: readonly SubscriptionRow[],
): Promise<(row: SubscriptionRow) => Verdict> {
  const keys = rows.map((row) => ({ customerId: row.customer_id, id: row.id }));
  const stopped = await findStopped(tx, keys);
  const rivals = await findRivals(tx, { keys });
  const lists = await operators.listed(
    tx,
    rows.map((row) => row.msisdn),
  );
  // Equal consents in one batch: the first passes, and is alive for the others.
  const admitted = new Set<string>();
  return (row) => {
    const name = `${row.customer_id}/${row.service_id}`;
    const rival = admitted.has(name) ? 'alive' : rivals.get(row.id);
    const verdict = verdictFor({
      stopped: stopped.has(row.id),
      rival,
      list: lists.get(row.msisdn),
    });
    if (verdict.step === 'admit') admitted.add(name);
    return verdict;
  };
}

interface Findings {
  readonly stopped: boolean;
  readonly rival: 'alive' | 'recent' | undefined;
  readonly list: NumberList | undefined;
}

function verdictFor({ list, rival, stopped }: Findings): Verdict {
  if (stopped) return { step: 'cancel', reason: 'stopped_before' };
  if (rival)
    return { step: 'reject', reason: rival === 'alive' ? 'already_subscribed' : 'too_recent' };
  if (list === 'blacklist') return { step: 'blacklist', reason: 'blacklisted' };
  if (list === 'postpaid') return { step: 'find_postpaid', reason: 'postpaid_not_allowed' };
  return { step: 'admit' };
}
