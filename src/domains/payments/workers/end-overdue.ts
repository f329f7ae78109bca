import { type Database, isTransient } from '#database';
import { AppError } from '#errors';
import type { CardInquiry } from '#payments/card-gateway';
import { applyNews, type NewsContext } from '#payments/news';
import type { GatewayAsker } from '#payments/notifications';
import { paymentId } from '#payments/payment';
import { type CardPaymentRow, claimOverdue, endPresented } from '#payments/presented-store';

export interface OverdueOptions {
  readonly database: Database;
  readonly context: NewsContext;
  readonly asker: GatewayAsker;
}

const LEASE_MS = 60_000;
const MOST = 64;
/** Its payer may be at his bank's page when his time ends; a bank's page is not open for longer. */
const PENDING_MOST_MS = 3_600_000;

/**
 * Ends pages whose time is over, and reservations that were let go. Their gateway has the last word, because its notification
 * may be lost: where it can't be asked now, they wait. Answers how many were looked at.
 */
export async function endOverdue(options: OverdueOptions): Promise<number> {
  const { context, database } = options;
  const rows = await claimOverdue(database.pool, {
    ...{ now: context.clock.now(), leaseMs: LEASE_MS, most: MOST },
  });
  const ended = await Promise.allSettled(rows.map((row) => endOne(options, row)));
  for (const one of ended) {
    if (one.status === 'fulfilled' || isPassing(one.reason)) continue;
    context.log.error({ err: one.reason }, 'a page that is over could not be ended');
  }
  return rows.length;
}

function isPassing(error: unknown): boolean {
  return isTransient(error) || (error instanceof AppError && error.kind === 'unavailable');
}

async function endOne({ asker, context, database }: OverdueOptions, row: CardPaymentRow) {
  const { clock, teller } = context;
  const { gateway } = row;
  const result = await asker.askAbout(row);
  const payment = paymentId(row.customer_id, row.id);
  if (result.outcome === 'voided') {
    const { gateway_reference: transaction } = row;
    if (row.state === 'authorized' && transaction !== null)
      await applyNews(context, { gateway, news: { news: 'voided', transaction, payment } });
  } else if (result.outcome !== 'not_found') {
    const applied = await applyNews(context, {
      ...{ gateway, news: { news: 'payment', outcome: result, payment } },
    });
    if (applied === 'later') return;
  }
  if (row.state !== 'presented' || isStillPending(result, row, clock.now())) return;
  await database.transaction(async (tx) => {
    const ended = await endPresented(tx, {
      ...{ customerId: row.customer_id, id: row.id, now: clock.now() },
      ...{ step: 'expire', reason: 'not_paid' },
    });
    if (ended) await teller.end(tx, ended, gateway);
  });
}

function isStillPending({ outcome }: CardInquiry, row: CardPaymentRow, now: Date): boolean {
  const isPending = outcome === 'pending' || outcome === 'authentication';
  return isPending && now.getTime() - row.not_after.getTime() < PENDING_MOST_MS;
}
