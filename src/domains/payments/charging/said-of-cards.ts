import type { Tx } from '#database';
import { cardId } from '#payments/cards';
import type { Charged } from '#payments/charged';
import { isSurplus } from '#payments/payment';
import type { PaymentRow } from '#payments/store';
import type { PaymentResponse } from '#payments/topics';
import type { NewTransaction } from '#payments/transaction-store';
import type { RecorderOptions } from './record-outcomes.ts';

/** Keeps cards that were left with the gateway, and tells what follows from declines. */
export async function saidOfCards(
  { cards, gateway }: RecorderOptions,
  tx: Tx,
  {
    charged,
    settled,
  }: { readonly charged: readonly Charged[]; readonly settled: readonly PaymentRow[] },
) {
  const more = new Map<
    bigint,
    Pick<PaymentResponse, 'card' | 'decline_class' | 'retry_after_ms'>
  >();
  const saidOf = new Map(charged.map((one) => [one.row.id, one]));
  // In one order: who keeps a card holds all cards of its holder.
  const rows = settled
    .filter(({ kind, method }) => method === 'card' && kind === 'charge')
    .toSorted((one, other) => (one.customer_id < other.customer_id ? -1 : 1));
  for (const row of rows) {
    const one = saidOf.get(row.id);
    if (!one) continue;
    const { result } = one.said;
    if (result.outcome === 'declined')
      more.set(row.id, {
        ...(row.card_id !== null && { card: cardId(row.customer_id, row.card_id) }),
        ...(result.class && { decline_class: result.class }),
        ...(result.retryAfterMs !== undefined && { retry_after_ms: result.retryAfterMs }),
      });
    if (result.outcome !== 'accepted' && result.outcome !== 'authorized') continue;
    const card = one.said.facts?.card;
    const kept =
      card && row.offer?.saveCard && cards
        ? await cards.keep(tx, { customerId: row.customer_id, gateway: gateway.name, card })
        : (row.card_id ?? undefined);
    if (kept !== undefined) more.set(row.id, { card: cardId(row.customer_id, kept) });
  }
  return more;
}

/** What gateways call the operations that moved money for these payments. */
export function transactionsOf(
  charged: readonly Charged[],
  of: { readonly settled: readonly PaymentRow[]; readonly gateway: string; readonly now: Date },
): readonly NewTransaction[] {
  const factsOf = new Map(charged.map(({ row, said }) => [row.id, said.facts]));
  return of.settled.flatMap((row): readonly NewTransaction[] => {
    const { gateway_reference: transaction, state } = row;
    const moved = state === 'accepted' || state === 'authorized' || state === 'conflicted';
    if (row.method !== 'card' || transaction === null || !moved) return [];
    const facts = factsOf.get(row.id);
    const role =
      state === 'conflicted' ? 'conflict' : isSurplus(row) ? 'surplus' : ('settles' as const);
    return [
      {
        ...{ gateway: of.gateway, transaction, customerId: row.customer_id, paymentId: row.id },
        ...{ kind: row.kind === 'refund' ? 'refund' : 'payment', role, reason: row.reason },
        amountMinor: facts?.amountMinor ?? row.amount_minor,
        ...{ currency: facts?.currency ?? row.currency, at: facts?.at ?? of.now },
        card: facts?.card,
      },
    ];
  });
}
