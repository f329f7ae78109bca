import type { GatewayNews } from '#payments/card-gateway';
import { readPaymentId } from '#payments/payment';
import {
  endPresented,
  findByTransaction,
  findCardPayment,
  lockCardPayment,
} from '#payments/presented-store';
import { findTransaction } from '#payments/transaction-store';
import type { NewsContext } from './news-context.ts';

/** A reservation was let go: by us, by somebody at the gateway, or by time. */
export async function applyVoid(
  { clock, database, teller }: NewsContext,
  gateway: string,
  { payment, transaction }: Extract<GatewayNews, { readonly news: 'voided' }>,
) {
  const named = payment === undefined ? undefined : readPaymentId(payment);
  const row = named
    ? await findCardPayment(database.pool, named)
    : await findByTransaction(database.pool, { gateway, transaction });
  if (row?.method !== 'card' || row.gateway !== gateway) return 'ignored';
  if (row.gateway_reference !== transaction) {
    // It has overtaken the news that anything was reserved; or it is one that was too many, or a page that nobody used.
    const isAhead = row.closed_at === null && row.gateway_reference === null;
    const known = await findTransaction(database.pool, { gateway, transaction });
    return isAhead && !known ? 'unknown_order' : 'ignored';
  }
  return database.transaction(async (tx) => {
    const key = { customerId: row.customer_id, id: row.id };
    const locked = await lockCardPayment(tx, key);
    if (locked?.state !== 'authorized') return 'again';
    const ended = await endPresented(tx, {
      ...{ ...key, now: clock.now(), step: 'void', reason: 'voided' },
    });
    if (ended) await teller.end(tx, ended, gateway);
    return 'voided';
  });
}
