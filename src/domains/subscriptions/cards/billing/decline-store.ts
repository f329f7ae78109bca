import { sql, type Tx } from '#database';
import type { CardDecline } from '#subscriptions/cards/card-case';
import type { SubscriptionKey } from '#subscriptions/subscription';

interface DeclineRow {
  readonly customer_id: bigint;
  readonly subscription_id: bigint;
  readonly period: number;
  readonly payment_id: bigint;
  readonly at: Date;
  readonly reason: CardDecline['reason'];
  readonly class: CardDecline['class'];
  readonly fingerprint: string;
  readonly retry_after: Date | null;
}

const OF_BILLS_MOST = 50_000;
const OF_CARDS_MOST = 50_000;

/** All declines of these bills, oldest first, but those whose request was mended since. */
export async function findDeclines(
  tx: Tx,
  bills: readonly (SubscriptionKey & { readonly number: number })[],
): Promise<readonly CardDecline[]> {
  if (bills.length === 0) return [];
  const { rows } = await sql<DeclineRow>`
    select d.* from unnest(${bills.map((bill) => bill.customerId)}::bigint[],
      ${bills.map((bill) => bill.id)}::bigint[], ${bills.map((bill) => bill.number)}::integer[]) as n (customer_id, id, number)
    join subscriptions.card_decline d
      on d.customer_id = n.customer_id and d.subscription_id = n.id and d.period = n.number and d.mended_at is null
    order by d.at, d.payment_id limit ${OF_BILLS_MOST}`.execute(tx);
  return rows.map((row) => ({
    bill: { customerId: row.customer_id, id: row.subscription_id, number: row.period },
    ...{ payment: row.payment_id, at: row.at, reason: row.reason, class: row.class },
    fingerprint: row.fingerprint,
    retryAfter: row.retry_after ?? undefined,
  }));
}

/** When these cards were declined from `since` to `now`, for whatever bill. */
export async function findCardHistory(
  tx: Tx,
  input: { readonly fingerprints: readonly string[]; readonly since: Date; readonly now: Date },
): Promise<ReadonlyMap<string, readonly Date[]>> {
  if (input.fingerprints.length === 0) return new Map();
  const { rows } = await sql<{ fingerprint: string; at: Date }>`
    select fingerprint, at from subscriptions.card_decline
    where fingerprint = any (${[...new Set(input.fingerprints)]}::text[]) and at > ${input.since} and at <= ${input.now}
    order by at desc limit ${OF_CARDS_MOST}`.execute(tx);
  return new Map(
    [...Map.groupBy(rows, (row) => row.fingerprint)].map(([fingerprint, some]) => [
      fingerprint,
      some.map(({ at }) => at),
    ]),
  );
}
