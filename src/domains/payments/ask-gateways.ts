import type { Database } from '#database';
import { AppError } from '#errors';
import { toQuestion } from './card-charging.ts';
import type { CardInquiry, CardQuestion, GatewayNews } from './card-gateway.ts';
import type { CardGateways } from './card-gateways.ts';
import { toOrder } from './charged.ts';
import type { NotificationRow } from './notification-store.ts';
import { parsePaymentId } from './payment.ts';
import { type CardPaymentRow, findCardPayment } from './presented-store.ts';

/** Reads what gateways have said, and asks them where that proves nothing by itself. */
export interface GatewayAsker {
  /** Throws `gateway_unavailable` where its source can't be asked now, and what reading it throws. */
  read(notification: NotificationRow): Promise<readonly GatewayNews[]>;
  /** What became of a page. */
  askAbout(row: CardPaymentRow): Promise<readonly GatewayNews[]>;
}

export function createGatewayAsker({
  cardGateways,
  database,
}: {
  readonly cardGateways: CardGateways;
  readonly database: Database;
}): GatewayAsker {
  /** What proves nothing by itself is asked at its source: that is what counts. */
  async function read(row: NotificationRow): Promise<readonly GatewayNews[]> {
    const gateway = cardGateways.gateway(row.gateway);
    const reading = gateway?.readNotification?.(row);
    if (!gateway || !reading) return [];
    if (!reading.isHint) return reading.news;
    const asked = await Promise.all(reading.news.map((news) => askSource(row.gateway, news)));
    return asked.flat();
  }

  async function askSource(name: string, news: GatewayNews): Promise<readonly GatewayNews[]> {
    const payment = paymentOf(news);
    const row =
      payment === undefined
        ? undefined
        : await findCardPayment(database.pool, parsePaymentId(payment));
    if (!row) return [news].filter(({ news: kind }) => kind === 'subscription');
    const question = toQuestion(toOrder(row), row.state === 'presented');
    const known = transactionOf(news);
    return ask(name, { ...question, ...(known !== undefined && { transaction: known }) }, news);
  }

  async function ask(
    name: string,
    question: CardQuestion,
    news?: GatewayNews,
  ): Promise<readonly GatewayNews[]> {
    const gateway = cardGateways.gateway(name);
    if (!gateway) return [];
    const refund = news?.news === 'refund' ? news : undefined;
    const asked: CardQuestion = refund
      ? {
          ...question,
          ...{ kind: 'refund', amountMinor: refund.facts.amountMinor },
          ...{ transaction: refund.facts.transaction, ofTransaction: refund.ofTransaction },
        }
      : question;
    const { result } = await gateway.inquire(asked);
    if (result.outcome === 'unknown' || result.outcome === 'not_sent')
      throw new AppError('unavailable', 'gateway_unavailable', `${name}: ${result.reason}`);
    return toNews(result, { payment: question.payment, refund });
  }

  return {
    read,
    async askAbout(row) {
      const isAskable =
        row.presentation !== null &&
        cardGateways.gateway(row.gateway)?.capabilities.inquiry === 'byOurId';
      return isAskable ? ask(row.gateway, toQuestion(toOrder(row), true)) : [];
    },
  };
}

function paymentOf(news: GatewayNews): string | undefined {
  if (news.news === 'payment' || news.news === 'voided') return news.payment;
  return news.news === 'refund' ? news.of : undefined;
}

function transactionOf(news: GatewayNews): string | undefined {
  if (news.news === 'voided') return news.transaction;
  if (news.news !== 'payment') return undefined;
  const { outcome } = news;
  if ('facts' in outcome) return outcome.facts.transaction;
  return 'transaction' in outcome ? outcome.transaction : undefined;
}

function toNews(
  result: CardInquiry,
  of: {
    readonly payment: string;
    readonly refund?: Extract<GatewayNews, { readonly news: 'refund' }> | undefined;
  },
): readonly GatewayNews[] {
  if (result.outcome === 'not_found' || result.outcome === 'voided') return [];
  if (of.refund) {
    if (result.outcome !== 'accepted') return [];
    return [{ ...of.refund, facts: { ...of.refund.facts, ...result.facts }, state: 'accepted' }];
  }
  return [{ news: 'payment', outcome: result, payment: of.payment }];
}
