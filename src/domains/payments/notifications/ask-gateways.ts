import type { Database } from '#database';
import { AppError } from '#errors';
import type { CardGateway, CardInquiry, CardQuestion, GatewayNews } from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import { toOrder } from '#payments/charged';
import { toQuestion } from '#payments/charging';
import { findRefunded } from '#payments/news';
import { readPaymentId } from '#payments/payment';
import { type CardPaymentRow, findByTransaction, findCardPayment } from '#payments/presented-store';
import type { NotificationRow } from './notification-store.ts';

/** Reads what gateways have said, and asks them where that proves nothing by itself. */
export interface GatewayAsker {
  /** Throws `gateway_unavailable` where its source can't be asked now, and what reading it throws. */
  read(notification: NotificationRow): Promise<Read>;
  /** What became of a page or a reservation. Throws `gateway_unavailable`. */
  askAbout(row: CardPaymentRow): Promise<CardInquiry>;
}

/** What a notification came to. */
export interface Read {
  /** Proven: by a signature, or by its source. */
  readonly news: readonly GatewayNews[];
  /** Some of it is about nothing that we know: its source can't be asked, and it may be ahead of what it is about. */
  readonly isAhead: boolean;
}

export interface GatewayAskerOptions {
  readonly cardGateways: CardGateways;
  readonly database: Database;
}

/** Whoever waits longer for his turn is asked again later. */
const TURN_PATIENCE_MS = 10_000;

export function createGatewayAsker(options: GatewayAskerOptions): GatewayAsker {
  const { cardGateways } = options;
  return {
    async read(row) {
      const gateway = cardGateways.gateway(row.gateway);
      if (!gateway) throw unavailable(row.gateway, 'is not there now');
      const { isHint, news } = row.reading;
      if (!isHint) return { news, isAhead: false };
      const asked = await Promise.all(news.map((one) => askSource(options, gateway, one)));
      return { news: asked.flatMap((one) => one ?? []), isAhead: asked.includes(undefined) };
    },
    async askAbout(row) {
      const gateway = cardGateways.gateway(row.gateway);
      const question = toQuestion(toOrder(row), row.state === 'presented');
      const { gateway_reference: transaction } = row;
      // A page that was never shown, and a gateway that can't be asked: nothing was paid that anybody could tell.
      const isAskable =
        (row.presentation !== null || transaction !== null) &&
        gateway?.capabilities.inquiry === 'byOurId';
      if (!gateway || !isAskable) return { outcome: 'not_found' };
      return ask(options, gateway, { ...question, ...(transaction !== null && { transaction }) });
    },
  };
}

async function ask(
  { cardGateways }: GatewayAskerOptions,
  gateway: CardGateway,
  question: CardQuestion,
): Promise<CardInquiry> {
  const line = cardGateways.line(gateway.name);
  await line.take(1, AbortSignal.timeout(TURN_PATIENCE_MS));
  const { result } = await gateway.inquire(question);
  const isSilent = result.outcome === 'unknown' || result.outcome === 'not_sent';
  line.heard(!isSilent);
  if (isSilent) throw unavailable(gateway.name, result.reason);
  return result;
}

/** What proves nothing by itself is asked at its source: that is what counts. Undefined where it is about nothing we know. */
async function askSource(
  options: GatewayAskerOptions,
  gateway: CardGateway,
  news: GatewayNews,
): Promise<readonly GatewayNews[] | undefined> {
  if (news.news === 'payment' || news.news === 'voided') return askPayment(options, gateway, news);
  if (news.news === 'refund') return askRefund(options, gateway, news);
  return news.news === 'subscription' ? [news] : [];
}

type PaymentNews = Extract<GatewayNews, { readonly news: 'payment' | 'voided' }>;

async function askPayment(
  options: GatewayAskerOptions,
  gateway: CardGateway,
  news: PaymentNews,
): Promise<readonly GatewayNews[] | undefined> {
  const transaction = transactionOf(news);
  const row = await findPayment(options.database, gateway.name, news);
  if (!row) return undefined;
  const question = toQuestion(toOrder(row), row.state === 'presented');
  const result = await ask(options, gateway, {
    ...question,
    ...(transaction !== undefined && { transaction }),
  });
  if (result.outcome === 'not_found') return [];
  // Where its source says whose it is, what the notification said counts for nothing.
  const told = 'facts' in result ? result.facts.payment : undefined;
  const named = { payment: told ?? news.payment ?? question.payment };
  if (result.outcome === 'voided')
    return transaction === undefined ? [] : [{ news: 'voided', transaction, ...named }];
  return [{ news: 'payment', outcome: result, ...named }];
}

async function findPayment(
  database: Database,
  gateway: string,
  news: PaymentNews,
): Promise<CardPaymentRow | undefined> {
  const key = news.payment === undefined ? undefined : readPaymentId(news.payment);
  if (key) return findCardPayment(database.pool, key);
  const transaction = transactionOf(news);
  return transaction === undefined
    ? undefined
    : findByTransaction(database.pool, { gateway, transaction });
}

async function askRefund(
  options: GatewayAskerOptions,
  gateway: CardGateway,
  news: Extract<GatewayNews, { readonly news: 'refund' }>,
): Promise<readonly GatewayNews[] | undefined> {
  const { facts, of, ofTransaction } = news;
  const { pool } = options.database;
  const found = await findRefunded(options, gateway.name, news);
  const key = of === undefined ? undefined : readPaymentId(of);
  const charge =
    found && 'charge' in found ? found.charge : key && (await findCardPayment(pool, key));
  if (!charge) return undefined;
  const { payment, ...question } = toQuestion(toOrder(charge));
  const result = await ask(options, gateway, {
    ...{ ...question, kind: 'refund', amountMinor: facts.amountMinor },
    ...{ payment: facts.payment ?? payment, of: of ?? payment },
    ...{ transaction: facts.transaction, ofTransaction },
  });
  if (result.outcome !== 'accepted') return [];
  // Whose it is, its source alone can say.
  const { payment: _told, ...rest } = facts;
  return [{ ...news, facts: { ...rest, ...result.facts }, state: 'accepted' }];
}

function unavailable(gateway: string, reason: string): AppError {
  return new AppError('unavailable', 'gateway_unavailable', `${gateway}: ${reason}`);
}

function transactionOf(news: PaymentNews): string | undefined {
  if (news.news === 'voided') return news.transaction;
  const { outcome } = news;
  if ('facts' in outcome) return outcome.facts.transaction;
  return 'transaction' in outcome ? outcome.transaction : undefined;
}
