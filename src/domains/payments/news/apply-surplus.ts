import type { ChargeOutcome } from '#payments/gateway';
import { paymentId, surplusReference } from '#payments/payment';
import { moveId, postMoves, toTransfers } from '#payments/posting';
import {
  type CardPaymentRow,
  findByTransaction,
  insertHappened,
  lockCardPayment,
} from '#payments/presented-store';
import { isRefundOpen } from '#payments/refunds';
import { insertTransaction, type NewTransaction } from '#payments/transaction-store';
import type { AcceptedNews } from './apply-accepted.ts';
import { keepFeeOf } from './keep-fees.ts';
import type { NewsContext } from './news-context.ts';
import { voidSurplus } from './void-surplus.ts';

/** Money moved, and not what was asked for: it never counts as paid, and waits for people in an account of its own. */
export async function applyConflict(
  context: NewsContext,
  news: AcceptedNews & { readonly reason: string; readonly isOpen: boolean },
): Promise<'conflict' | 'later'> {
  const { database, teller } = context;
  const { gateway, isOpen, outcome, reason, row } = news;
  const { facts } = outcome;
  if (isOpen) {
    const result: ChargeOutcome = {
      ...{ outcome: 'conflicted', reason, gatewayReference: facts.transaction },
      isReserved: outcome.outcome === 'authorized',
    };
    await context.recorderOf(gateway).record([{ row, said: { result, log: [], facts } }]);
    // Written with its end; or somebody else has ended the payment meanwhile, and it is beside it.
  }
  const { amountMinor, currency, transaction } = facts;
  const transfers = await toTransfers(context.ledger, [
    {
      ...{ id: moveId('conflict', gateway, transaction), kind: 'conflict', gateway },
      ...{ reference: paymentId(row.customer_id, row.id), amountMinor, currency },
    },
  ]);
  await database.transaction(async (tx) => {
    const role = { role: 'conflict', reason } as const;
    const isNew = await insertTransaction(tx, toTransaction(context, news, role));
    if (!isNew) return;
    // What is only reserved is let go by its gateway in some days.
    if (outcome.outcome === 'accepted') postMoves(context.ledger, tx, transfers);
    await teller.tell(tx, { row, gateway, event: 'conflicted', reason });
  });
  return 'conflict';
}

/** Paid once more than was asked for (two tabs, a page that was over): a charge that goes back by itself. */
export async function applySurplus(context: NewsContext, news: AcceptedNews) {
  const { gateway, outcome } = news;
  const { facts } = outcome;
  if (outcome.outcome === 'authorized') {
    await voidSurplus(context, news);
    return 'surplus';
  }
  const open = (await writeSurplus(context, news)) ?? (await findOpenSurplus(context, news));
  if (open === 'busy') return 'later';
  if (!open) {
    await keepSurplusFee(context, news);
    return 'again';
  }
  const result: ChargeOutcome = { outcome: 'accepted', gatewayReference: facts.transaction };
  await context.recorderOf(gateway).record([{ row: open, said: { result, log: [], facts } }]);
  await keepSurplusFee(context, news);
  return 'surplus';
}

/** A gateway keeps its fee of what goes back as well. */
async function keepSurplusFee(context: NewsContext, { gateway, outcome }: AcceptedNews) {
  const { facts } = outcome;
  const by = { gateway, transaction: facts.transaction };
  const row = await findByTransaction(context.database.pool, by);
  if (row) await keepFeeOf(context, { gateway, row, facts });
}

/** Undefined where it is known; `busy` while another one of this payment is being settled. */
async function writeSurplus(context: NewsContext, news: AcceptedNews) {
  const { clock, database, ids, teller } = context;
  const { gateway, outcome, row } = news;
  const { amountMinor, currency, transaction } = outcome.facts;
  const reference = surplusReference(paymentId(row.customer_id, row.id));
  const now = clock.now();
  return database.transaction(async (tx) => {
    await lockCardPayment(tx, { customerId: row.customer_id, id: row.id });
    if (await isRefundOpen(tx, { customerId: row.customer_id, reference }))
      return (await isOwn(context, news)) ? undefined : 'busy';
    const role = { role: 'surplus', reason: null } as const;
    const isNew = await insertTransaction(tx, toTransaction(context, news, role));
    if (!isNew) return undefined;
    const inserted = await insertHappened(tx, {
      ...{ like: { ...row, gateway }, id: ids.next(now.getTime()), kind: 'charge' },
      ...{ amountMinor, currency, reference, transaction, reason: 'surplus', now },
    });
    await teller.tell(tx, { row: inserted, gateway, event: 'surplus', reason: null });
    return inserted;
  });
}

async function isOwn(context: NewsContext, news: AcceptedNews): Promise<boolean> {
  return (await findOpenSurplus(context, news)) !== undefined;
}

/** Whoever wrote it down died before he settled it. */
async function findOpenSurplus(
  { database }: NewsContext,
  { gateway, outcome }: AcceptedNews,
): Promise<CardPaymentRow | undefined> {
  const { transaction } = outcome.facts;
  const row = await findByTransaction(database.pool, { gateway, transaction });
  return row?.state === 'unknown' ? row : undefined;
}

function toTransaction(
  { clock }: NewsContext,
  { gateway, outcome, row }: AcceptedNews,
  { reason, role }: Pick<NewTransaction, 'reason' | 'role'>,
): NewTransaction {
  const { amountMinor, at, currency, transaction } = outcome.facts;
  return {
    ...{ gateway, transaction, customerId: row.customer_id, paymentId: row.id },
    ...{ kind: 'payment', role, amountMinor, currency, reason, at: at ?? clock.now() },
  };
}
