import type { Clock } from '#clock';
import type { Database } from '#database';
import { unreachable } from '#errors';
import type { IdSource } from '#ids';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { CardOutcome, Dispute, GatewayNews } from './card-gateway.ts';
import type { CardTeller } from './card-teller.ts';
import { accountOf, conflictOf } from './compare-facts.ts';
import type { ChargeOutcome } from './gateway.ts';
import { insertDispute } from './notification-store.ts';
import { parsePaymentId, paymentId, refundReference, SURPLUS } from './payment.ts';
import {
  type CardPaymentRow,
  endPresented,
  findByTransaction,
  findCardPayment,
  findTransaction,
  insertHappened,
  insertTransaction,
  lockCardPayment,
  promiseRefund,
} from './presented-store.ts';
import type { Recorder } from './record-outcomes.ts';
import { findRefunds } from './refund-store.ts';

/** What became of one piece of news, in a word for its row. */
export type Applied =
  | 'accepted'
  | 'authorized'
  | 'again'
  | 'conflict'
  | 'declined'
  | 'disputed'
  | 'ignored'
  | 'refunded'
  | 'surplus'
  | 'unknown_order'
  | 'voided'
  /** It can't be applied yet: what it is about is in somebody's hand. */
  | 'later';

export interface NewsContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Writes outcomes down for a gateway, with all that follows from them. */
  readonly recorderOf: (gateway: string) => Recorder;
  readonly teller: CardTeller;
}

export interface News {
  /** Our name of the gateway. */
  readonly gateway: string;
  readonly news: GatewayNews;
}

/**
 * Applies what a gateway says of an operation, once, however often and in whichever order it is told. Each step is a
 * transaction of its own that may be repeated: whoever dies between two of them leaves the news to the next.
 */
export async function applyNews(context: NewsContext, { gateway, news }: News): Promise<Applied> {
  switch (news.news) {
    case 'payment':
      return applyPayment(context, { gateway, outcome: news.outcome, payment: news.payment });
    case 'refund':
      return applyRefund(context, gateway, news);
    case 'voided':
      return applyVoid(context, gateway, news);
    case 'dispute':
      return applyDispute(context, gateway, news.dispute);
    case 'subscription':
      return 'ignored';
    default:
      return unreachable(news);
  }
}

interface PaymentNews {
  readonly gateway: string;
  readonly outcome: CardOutcome;
  readonly payment: string | undefined;
}

/** Of two operations of one moment the second finds the payment settled, and is looked at again. */
const LOOKS_MOST = 3;

async function applyPayment(context: NewsContext, news: PaymentNews): Promise<Applied> {
  const { outcome } = news;
  if (outcome.outcome === 'accepted' || outcome.outcome === 'authorized') {
    for (let look = 0; look < LOOKS_MOST; look += 1) {
      const row = await findPayment(context, news);
      if (!row) return unknownOrder(context, news);
      const applied = await applyAccepted(context, { ...news, row, outcome });
      if (applied !== 'later') return applied;
    }
    return 'later';
  }
  if (outcome.outcome !== 'declined') return 'ignored';
  const row = await findPayment(context, news);
  if (!row) return unknownOrder(context, news);
  return applyDeclined(context, { ...news, row, outcome });
}

async function findPayment(
  { database }: NewsContext,
  { gateway, outcome, payment }: PaymentNews,
): Promise<CardPaymentRow | undefined> {
  const transaction = transactionOf(outcome);
  const named = payment === undefined ? undefined : readId(payment);
  const row = named
    ? await findCardPayment(database.pool, named)
    : transaction === undefined
      ? undefined
      : await findByTransaction(database.pool, { gateway, transaction });
  return row?.method === 'card' && row.kind === 'charge' ? row : undefined;
}

function transactionOf(outcome: CardOutcome): string | undefined {
  if ('facts' in outcome) return outcome.facts.transaction;
  return 'transaction' in outcome ? outcome.transaction : undefined;
}

/** Money moved that we know nothing of: people look at it. */
function unknownOrder({ log }: NewsContext, { gateway, outcome }: PaymentNews): Applied {
  if (outcome.outcome !== 'declined') {
    log.error(
      { gateway, transaction: transactionOf(outcome) },
      'a gateway was paid for nothing we asked for',
    );
  }
  return 'unknown_order';
}

export function strangers(metrics: Metrics) {
  return metrics.counter(
    'kopek_card_strangers_total',
    'Operations that gateways told of and nobody had asked for',
    ['gateway'] as const,
  );
}

type AcceptedNews = PaymentNews & {
  readonly row: CardPaymentRow;
  readonly outcome: Extract<CardOutcome, { readonly outcome: 'accepted' | 'authorized' }>;
};

async function applyAccepted(context: NewsContext, news: AcceptedNews): Promise<Applied> {
  const { gateway, outcome, row } = news;
  const { facts } = outcome;
  const isOurs = row.gateway === gateway && row.gateway_reference === facts.transaction;
  if (isOurs && (row.state === outcome.outcome || row.state === 'accepted')) return 'again';
  if (isOurs && row.state === 'conflicted') return 'again';
  const reason = conflictOf(facts, {
    ...{ payment: paymentId(row.customer_id, row.id), account: accountOf(row.customer_id) },
    ...{ amountMinor: row.amount_minor, currency: row.currency },
  });
  const isOpen = row.closed_at === null && row.gateway === gateway;
  if (reason !== undefined) return applyConflict(context, { ...news, reason, isOpen });
  if (!isOpen) return applySurplus(context, news);
  // Before its call nothing can have been accepted; its worker is about to mark it.
  if (row.state === 'new' || row.state === 'claimed') return 'later';
  const result: ChargeOutcome =
    outcome.outcome === 'accepted'
      ? { outcome: 'accepted', gatewayReference: facts.transaction }
      : { outcome: 'authorized', gatewayReference: facts.transaction };
  await context.recorderOf(gateway).record([{ row, facts, said: { result, log: [] } }]);
  const after = await findCardPayment(context.database.pool, keyOf(row));
  const isSettled =
    after?.gateway_reference === facts.transaction && after.state === outcome.outcome;
  return isSettled ? outcome.outcome : 'later';
}

async function applyConflict(
  context: NewsContext,
  news: AcceptedNews & { readonly reason: string; readonly isOpen: boolean },
): Promise<Applied> {
  const { clock, database, teller } = context;
  const { gateway, isOpen, reason, row } = news;
  const { facts } = news.outcome;
  if (isOpen && row.state !== 'new' && row.state !== 'claimed') {
    const result: ChargeOutcome = {
      ...{ outcome: 'conflicted', reason, gatewayReference: facts.transaction },
    };
    await context.recorderOf(gateway).record([{ row, facts, said: { result, log: [] } }]);
  }
  await database.transaction(async (tx) => {
    const isNew = await insertTransaction(tx, {
      ...{
        gateway,
        transaction: facts.transaction,
        customerId: row.customer_id,
        paymentId: row.id,
      },
      ...{ kind: 'payment', role: 'conflict', amountMinor: facts.amountMinor },
      ...{ currency: facts.currency, reason, at: facts.at ?? clock.now() },
    });
    if (isNew && !isOpen) await teller.tell(tx, { row, gateway, event: 'conflicted', reason });
  });
  return 'conflict';
}

/** Paid once more than was asked for (two tabs, a page that was over): a charge that goes back by itself. */
async function applySurplus(context: NewsContext, news: AcceptedNews): Promise<Applied> {
  const { clock, database, ids, teller } = context;
  const { gateway, outcome, row } = news;
  const { facts } = outcome;
  // What is only reserved costs nobody anything: it is let go by its gateway in some days.
  if (outcome.outcome === 'authorized') return 'surplus';
  const now = clock.now();
  const like = { ...row, gateway };
  const surplus = await database.transaction(async (tx) => {
    await lockCardPayment(tx, keyOf(row));
    const isNew = await insertTransaction(tx, {
      ...{
        gateway,
        transaction: facts.transaction,
        customerId: row.customer_id,
        paymentId: row.id,
      },
      ...{ kind: 'payment', role: 'surplus', amountMinor: facts.amountMinor },
      ...{ currency: facts.currency, reason: null, at: facts.at ?? now },
    });
    if (!isNew) return undefined;
    const inserted = await insertHappened(tx, {
      ...{ like, id: ids.next(now.getTime()), kind: 'charge', amountMinor: facts.amountMinor },
      ...{
        reference: surplusReference(row),
        transaction: facts.transaction,
        reason: 'surplus',
        now,
      },
    });
    await teller.tell(tx, { row: inserted, gateway, event: 'surplus', reason: null });
    return inserted;
  });
  const open = surplus ?? (await findOpenSurplus(context, news));
  if (!open) return 'again';
  const result: ChargeOutcome = { outcome: 'accepted', gatewayReference: facts.transaction };
  await context.recorderOf(gateway).record([{ row: open, said: { result, log: [] } }]);
  return 'surplus';
}

/** What was paid beyond it stands under this: one after the other, each with the operation's name. */
export function surplusReference(row: Pick<CardPaymentRow, 'customer_id' | 'id'>): string {
  return `${SURPLUS}${paymentId(row.customer_id, row.id)}`;
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

async function applyDeclined(
  context: NewsContext,
  news: PaymentNews & {
    readonly row: CardPaymentRow;
    readonly outcome: Extract<CardOutcome, { readonly outcome: 'declined' }>;
  },
): Promise<Applied> {
  const { clock, database, teller } = context;
  const { gateway, outcome, row } = news;
  if (row.state === 'presented') {
    await database.transaction(async (tx) => {
      const isNew = await insertTransaction(tx, {
        ...{ gateway, transaction: outcome.transaction ?? `declined ${row.id}` },
        ...{ customerId: row.customer_id, paymentId: row.id, kind: 'payment', role: 'declined' },
        ...{ amountMinor: row.amount_minor, currency: row.currency, reason: outcome.reason },
        at: clock.now(),
      });
      if (isNew)
        await teller.tell(tx, { row, gateway, event: 'page_declined', reason: outcome.reason });
    });
    return 'declined';
  }
  if (row.state !== 'sending' && row.state !== 'unknown') return 'again';
  const { class: declineClass, reason, retryAfterMs } = outcome;
  const result: ChargeOutcome = {
    ...{ outcome: 'declined', reason, class: declineClass },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  await context.recorderOf(gateway).record([{ row, said: { result, log: [] } }]);
  return 'declined';
}

async function applyVoid(
  { clock, database, teller }: NewsContext,
  gateway: string,
  { payment, transaction }: Extract<GatewayNews, { readonly news: 'voided' }>,
): Promise<Applied> {
  const named = payment === undefined ? undefined : readId(payment);
  const row = named
    ? await findCardPayment(database.pool, named)
    : await findByTransaction(database.pool, { gateway, transaction });
  if (!row || row.gateway_reference !== transaction) return 'ignored';
  return database.transaction(async (tx) => {
    const locked = await lockCardPayment(tx, keyOf(row));
    if (locked?.state !== 'authorized') return 'again';
    const ended = await endPresented(tx, {
      ...{ ...keyOf(row), now: clock.now(), step: 'void', reason: 'voided' },
    });
    if (ended) await teller.end(tx, ended, gateway);
    return 'voided';
  });
}

async function applyRefund(
  context: NewsContext,
  gateway: string,
  news: Extract<GatewayNews, { readonly news: 'refund' }>,
): Promise<Applied> {
  const { database } = context;
  const { facts, state } = news;
  if (state === 'pending') return 'ignored';
  const charge = await findRefunded(context, gateway, news);
  if (!charge) return 'unknown_order';
  const refunds = await findRefunds(database.pool, {
    customerId: charge.customer_id,
    reference: refundReference(paymentId(charge.customer_id, charge.id)),
  });
  if (refunds.some((one) => one.gateway_reference === facts.transaction && one.closed_at))
    return 'again';
  const own = refunds.find(
    (one) =>
      one.closed_at === null &&
      (one.gateway_reference === facts.transaction ||
        paymentId(one.customer_id, one.id) === facts.payment ||
        ((one.state === 'sending' || one.state === 'unknown') &&
          one.amount_minor === facts.amountMinor)),
  );
  if (state === 'declined') {
    if (!own) return 'again';
    const result: ChargeOutcome = { outcome: 'declined', reason: 'gateway_error' };
    await context.recorderOf(gateway).record([{ row: own, said: { result, log: [] } }]);
    return 'declined';
  }
  const row = own ?? (await writeForeignRefund(context, { gateway, charge, news }));
  if (!row) return 'conflict';
  const result: ChargeOutcome = { outcome: 'accepted', gatewayReference: facts.transaction };
  await context.recorderOf(gateway).record([{ row, said: { result, log: [] } }]);
  return 'refunded';
}

async function findRefunded(
  { database }: NewsContext,
  gateway: string,
  news: Extract<GatewayNews, { readonly news: 'refund' }>,
): Promise<CardPaymentRow | undefined> {
  const by = { gateway, transaction: news.ofTransaction };
  const settled = await findByTransaction(database.pool, by);
  if (settled) return settled;
  const known = await findTransaction(database.pool, by);
  if (!known) return undefined;
  return findCardPayment(database.pool, { customerId: known.customer_id, id: known.payment_id });
}

interface ForeignRefund {
  readonly gateway: string;
  readonly charge: CardPaymentRow;
  readonly news: Extract<GatewayNews, { readonly news: 'refund' }>;
  readonly reason?: string;
}

/** Given back by somebody in the gateway's own cabinet, or by a bank: it has happened, so it is written down. */
async function writeForeignRefund(
  context: NewsContext,
  { charge, gateway, news, reason = 'outside' }: ForeignRefund,
) {
  const { clock, database, ids, teller } = context;
  const { facts } = news;
  const now = clock.now();
  return database.transaction(async (tx) => {
    await lockCardPayment(tx, keyOf(charge));
    const isPromised = await promiseRefund(tx, {
      ...keyOf(charge),
      amountMinor: facts.amountMinor,
    });
    if (!isPromised) {
      const isNew = await insertTransaction(tx, {
        ...{ gateway, transaction: facts.transaction, customerId: charge.customer_id },
        ...{ paymentId: charge.id, kind: 'refund', role: 'conflict', at: facts.at ?? now },
        ...{ amountMinor: facts.amountMinor, currency: facts.currency, reason: 'exceeds_charge' },
      });
      if (isNew)
        await teller.tell(tx, {
          row: charge,
          gateway,
          event: 'conflicted',
          reason: 'exceeds_charge',
        });
      return undefined;
    }
    return insertHappened(tx, {
      ...{ like: charge, id: ids.next(now.getTime()), kind: 'refund', reason, now },
      ...{ amountMinor: facts.amountMinor, transaction: facts.transaction },
      reference: refundReference(paymentId(charge.customer_id, charge.id)),
    });
  });
}

async function applyDispute(
  context: NewsContext,
  gateway: string,
  dispute: Dispute,
): Promise<Applied> {
  const { clock, database, teller } = context;
  const news = { news: 'refund', ofTransaction: dispute.transaction, state: 'accepted' } as const;
  const facts = {
    ...{ transaction: `dispute ${dispute.id}`, amountMinor: dispute.amountMinor },
    ...{ currency: dispute.currency, at: dispute.at, test: false },
  };
  const charge = await findRefunded(context, gateway, { ...news, facts });
  await database.transaction(async (tx) => {
    const isNew = await insertDispute(tx, {
      ...{ gateway, id: dispute.id, transaction: dispute.transaction, kind: dispute.kind },
      ...{ customerId: charge?.customer_id ?? null, paymentId: charge?.id ?? null },
      ...{ amountMinor: dispute.amountMinor, currency: dispute.currency, at: dispute.at },
      ...{ reason: dispute.reason ?? null, now: clock.now() },
    });
    if (isNew && charge)
      await teller.tell(tx, { row: charge, gateway, event: 'disputed', reason: dispute.kind });
  });
  // What the bank took back is given back, whoever wanted it.
  if (dispute.kind === 'lost' && charge) await applyRefund(context, gateway, { ...news, facts });
  return 'disputed';
}

const keyOf = (row: Pick<CardPaymentRow, 'customer_id' | 'id'>) => ({
  ...{ customerId: row.customer_id, id: row.id },
});

function readId(payment: string) {
  try {
    return parsePaymentId(payment);
  } catch {
    return undefined;
  }
}
