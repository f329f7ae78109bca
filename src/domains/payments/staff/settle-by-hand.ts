import type { Tx } from '#database';
import { must } from '#errors';
import { findMissingTransfers } from '#ledger';
import { fail } from '#payments/errors';
import type { NewsContext } from '#payments/news';
import { parsePaymentId, paymentId, surplusReference } from '#payments/payment';
import { moveId, postMoves, toCharge, toTransfers } from '#payments/posting';
import { type CardPaymentRow, insertHappened, lockCardPayment } from '#payments/presented-store';
import { changeRole, lockTransaction, type TransactionRow } from '#payments/transaction-store';
import { countConflicted, insertHandSettlement } from './hand-store.ts';

/** What people have found out about a payment that no gateway could or would tell. */
export interface HandSettling {
  readonly payment: string;
  /** `accepted`: it was taken, and is what was asked for. `declined`: it was not. `returned`: it is to go back. */
  readonly outcome: 'accepted' | 'declined' | 'returned';
  /** What the gateway calls the operation: of an unknown one that was accepted, and of a conflict beside a settled payment. */
  readonly transaction?: string | undefined;
  readonly actor: string;
  readonly reason: string;
}

export interface HandSettler {
  /**
   * Settles an unknown payment or a conflict, in the caller's transaction, and writes down who did it and why. Throws
   * `payment_unknown`, `payment_settled`, `settle_not_possible`.
   */
  settle(tx: Tx, settling: HandSettling): Promise<void>;
}

export function createHandSettler(context: NewsContext): HandSettler {
  return {
    async settle(tx, settling) {
      const row = await lockCardPayment(tx, parsePaymentId(settling.payment));
      if (row?.method !== 'card')
        throw fail('payment_unknown', `There is no payment ${settling.payment} by card.`);
      const conflict = await findConflict(tx, row, settling);
      const now = context.clock.now();
      await insertHandSettlement(tx, {
        ...{ customerId: row.customer_id, id: context.ids.next(now.getTime()), paymentId: row.id },
        ...{ was: row.state, outcome: settling.outcome, actor: settling.actor, at: now },
        ...{ reason: settling.reason, transaction: settling.transaction ?? row.gateway_reference },
      });
      if (conflict) return settleConflict(context, tx, { row, settling, conflict });
      if (row.state !== 'unknown') throw settled(row, settling);
      return settleUnknown(context, tx, { row, settling });
    },
  };
}

interface Case {
  readonly row: CardPaymentRow;
  readonly settling: HandSettling;
}

async function findConflict(
  tx: Tx,
  { gateway, gateway_reference: own, customer_id, id, state }: CardPaymentRow,
  { transaction }: HandSettling,
): Promise<TransactionRow | undefined> {
  const name = transaction ?? (state === 'conflicted' ? own : null);
  if (name === null) return undefined;
  const found = await lockTransaction(tx, { gateway, transaction: name });
  const isIts = found?.customer_id === customer_id && found.payment_id === id;
  return isIts && found.role === 'conflict' && found.kind === 'payment' ? found : undefined;
}

function settled({ state }: CardPaymentRow, { payment }: HandSettling) {
  return fail(
    'payment_settled',
    `${payment} is ${state}: only an unknown payment or a conflict is settled by hand.`,
    { details: { state } },
  );
}

async function settleUnknown(context: NewsContext, tx: Tx, { row, settling }: Case) {
  const { outcome, transaction = row.gateway_reference ?? undefined } = settling;
  if (outcome === 'returned')
    throw notPossible('outcome', `${settling.payment} is unknown: say accepted or declined first`);
  if (outcome === 'accepted' && transaction === undefined)
    throw notPossible('transaction', 'is needed: what the gateway calls it, for refunds');
  const result =
    outcome === 'accepted' && transaction !== undefined
      ? ({ outcome, gatewayReference: transaction } as const)
      : ({ outcome: 'declined', reason: 'gateway_error' } as const);
  await context.recorderOf(row.gateway).recordIn(tx, [{ row, said: { result, log: [] } }]);
}

function notPossible(field: string, message: string) {
  return fail('settle_not_possible', `${field} ${message}.`, { faults: [{ field, message }] });
}

async function settleConflict(
  context: NewsContext,
  tx: Tx,
  { conflict, row, settling }: Case & { readonly conflict: TransactionRow },
): Promise<void> {
  const { database, ledger } = context;
  const { amount_minor: amountMinor, currency, gateway, transaction } = conflict;
  const [missing] = await findMissingTransfers(database.pool, [
    moveId('conflict', gateway, transaction),
  ]);
  if (missing)
    throw notPossible('payment', 'was only reserved: nothing was taken that could be settled');
  const [over] = await toTransfers(ledger, [
    {
      ...{ id: moveId('conflict-over', gateway, transaction), kind: 'conflict-over', gateway },
      ...{ reference: paymentId(row.customer_id, row.id), amountMinor, currency },
    },
  ]);
  must(over, 'a transfer for each move');
  if (settling.outcome === 'returned') {
    postMoves(ledger, tx, [over]);
    return giveBack(context, tx, { row, conflict });
  }
  const isAsked = row.amount_minor === amountMinor && row.currency === currency;
  if (settling.outcome === 'declined' || row.state !== 'conflicted' || !isAsked)
    throw notPossible('outcome', 'must be returned: it is not what was asked for');
  const counted = await countConflicted(tx, {
    ...{ customerId: row.customer_id, id: row.id, now: context.clock.now() },
  });
  must(counted, 'the conflict is held');
  await changeRole(tx, { gateway, transaction, role: 'settles' });
  const charges = await ledger.charges([toCharge(counted, gateway)]);
  await context.teller.end(tx, counted, gateway);
  postMoves(ledger, tx, [over, ...charges]);
}

/** It becomes a charge of its own that nobody asked for: such a one goes back by itself. */
async function giveBack(
  context: NewsContext,
  tx: Tx,
  { conflict, row }: { readonly row: CardPaymentRow; readonly conflict: TransactionRow },
): Promise<void> {
  const { amount_minor: amountMinor, currency, gateway, transaction } = conflict;
  const now = context.clock.now();
  await changeRole(tx, { gateway, transaction, role: 'surplus' });
  const charge = await insertHappened(tx, {
    ...{ like: row, id: context.ids.next(now.getTime()), kind: 'charge', reason: 'surplus', now },
    ...{ amountMinor, currency, transaction },
    reference: surplusReference(paymentId(row.customer_id, row.id)),
  });
  const result = { outcome: 'accepted', gatewayReference: transaction } as const;
  await context.recorderOf(gateway).recordIn(tx, [{ row: charge, said: { result, log: [] } }]);
}
