import { type Database, isTransient } from '#database';
import type { CardGateway, CardInquiry, CardOperation, CardOutcome } from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import {
  accountOf,
  claimOperations,
  closeOperation,
  type OperationRow,
  putOffOperation,
  receiptOf,
} from '#payments/cards';
import { applyNews, type NewsContext } from '#payments/news';
import { offerFromRow } from '#payments/offer';
import { paymentId } from '#payments/payment';
import { findCardPayment } from '#payments/presented-store';

export interface OperationsOptions {
  readonly database: Database;
  readonly cardGateways: CardGateways;
  readonly context: NewsContext;
}

const MOST = 32;
const LEASE_MARGIN_MS = 30_000;
const TURN_PATIENCE_MS = 10_000;
const AGAIN_FIRST_MS = 1000;
const AGAIN_MOST_MS = 600_000;

/**
 * Takes reservations or lets them go. The first try carries it out; from the second on the gateway is asked how it stands
 * before anything is sent again, so a lost answer neither takes twice nor is taken for a refusal. Answers how many.
 */
export async function carryOutOperations(options: OperationsOptions): Promise<number> {
  const { context, database } = options;
  const rows = await claimOperations(database.pool, { leaseMs: longestMs(options), most: MOST });
  const done = await Promise.allSettled(rows.map((row) => carryOut(options, row)));
  for (const one of done) {
    if (one.status === 'fulfilled' || isTransient(one.reason)) continue;
    context.log.error({ err: one.reason }, 'a reservation could not be taken or let go');
  }
  return rows.length;
}

function longestMs({ cardGateways }: OperationsOptions): number {
  const longest = cardGateways.names().map((name) => cardGateways.gateway(name)?.longestMs() ?? 0);
  return 2 * Math.max(0, ...longest) + TURN_PATIENCE_MS + LEASE_MARGIN_MS;
}

async function carryOut(options: OperationsOptions, row: OperationRow): Promise<void> {
  const gateway = options.cardGateways.gateway(row.gateway);
  if (!gateway) return later(options, row);
  if (row.tries > 1) {
    const stands = await ask(options, gateway, row);
    if (stands.outcome !== 'authorized') return conclude(options, row, stands);
  }
  await options.cardGateways.line(row.gateway).take(1, AbortSignal.timeout(TURN_PATIENCE_MS));
  const name = paymentId(row.customer_id, row.id);
  const operation = {
    ...{ payment: name, of: paymentId(row.customer_id, row.payment_id) },
    ...{ transaction: row.transaction, account: accountOf(row.customer_id) },
    ...{ amountMinor: row.amount_minor, currency: row.currency },
    ...(await receiptFor(options, row)),
  };
  const { result } = await gateway[row.kind](operation);
  options.cardGateways.line(row.gateway).heard(!isSilent(result));
  // Whatever it answers, how the reservation stands is what counts: it says the amount, and the same to everybody.
  if (isSilent(result)) return later(options, row);
  if (result.outcome === 'declined') {
    const stands = await ask(options, gateway, row);
    if (stands.outcome !== 'authorized') return conclude(options, row, stands);
    return close(options, row, result.reason);
  }
  return conclude(options, row, await ask(options, gateway, row));
}

/** Of what is taken. What is let go was never paid, and needs none. */
async function receiptFor(
  { database }: OperationsOptions,
  row: OperationRow,
): Promise<Pick<CardOperation, 'receipt'>> {
  const { amount_minor: amountMinor, customer_id: customerId, payment_id: id } = row;
  const payment =
    row.kind === 'confirm' ? await findCardPayment(database.pool, { customerId, id }) : undefined;
  if (!payment) return {};
  const { msisdn, reference } = payment;
  const offer = payment.offer ? offerFromRow(payment.offer) : undefined;
  return { receipt: receiptOf({ amountMinor, msisdn, offer, reference }) };
}

async function ask(
  { cardGateways }: OperationsOptions,
  gateway: CardGateway,
  row: OperationRow,
): Promise<CardInquiry> {
  await cardGateways.line(row.gateway).take(1, AbortSignal.timeout(TURN_PATIENCE_MS));
  const { result } = await gateway.inquire({
    ...{ payment: paymentId(row.customer_id, row.payment_id), kind: 'payment', presented: true },
    ...{ account: accountOf(row.customer_id), transaction: row.transaction },
    ...{ amountMinor: row.amount_minor, currency: row.currency, since: row.created_at },
  });
  cardGateways.line(row.gateway).heard(!isSilent(result));
  return result;
}

const isSilent = ({ outcome }: CardInquiry | CardOutcome) =>
  outcome === 'unknown' || outcome === 'not_sent';

/** How the reservation stands at its gateway, applied as its notification would be. */
async function conclude(
  options: OperationsOptions,
  row: OperationRow,
  stands: CardInquiry,
): Promise<void> {
  const { context } = options;
  const { gateway, transaction } = row;
  const payment = paymentId(row.customer_id, row.payment_id);
  switch (stands.outcome) {
    case 'accepted': {
      const news = { news: 'payment', outcome: stands, payment } as const;
      if ((await applyNews(context, { gateway, news })) === 'later') return later(options, row);
      return close(options, row, row.kind === 'confirm' ? null : 'taken');
    }
    case 'voided': {
      await applyNews(context, { gateway, news: { news: 'voided', transaction, payment } });
      return close(options, row, row.kind === 'void' ? null : 'voided');
    }
    case 'declined':
      return close(options, row, stands.reason);
    default:
      return later(options, row);
  }
}

function later({ database }: OperationsOptions, row: OperationRow): Promise<void> {
  const delayMs = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(row.tries - 1, 12));
  return putOffOperation(database.pool, { row, delayMs });
}

function close(
  { context, database }: OperationsOptions,
  row: OperationRow,
  refusal: string | null,
): Promise<void> {
  return database.transaction(async (tx) => {
    const state = refusal === null ? 'done' : 'refused';
    const closed = await closeOperation(tx, { row, state, refusal, now: context.clock.now() });
    if (!closed || refusal === null) return;
    context.log.warn({ payment: row.payment_id, refusal }, `a gateway refused to ${row.kind}`);
  });
}
