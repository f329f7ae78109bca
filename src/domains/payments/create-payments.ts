import type { Sealer } from '#auth';
import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Executor, Tx } from '#database';
import type { IdSource } from '#ids';
import type { Operators } from '#operators';
import { type CardGateways, NO_CARD_GATEWAYS } from './card-gateways.ts';
import { type CardPayments, createCardPayments, insertOperation } from './cards/index.ts';
import { describePayment, type PaymentFacts, type PaymentReport } from './describe-payment.ts';
import { CALLS_PER_CHARGE } from './gateway.ts';
import { listPayments } from './list-payments.ts';
import { createNotificationInbox, type NotificationInbox } from './notifications/index.ts';
import { type ChargeRequest, paymentId } from './payment.ts';
import { toEvent } from './publish-outcomes.ts';
import { createRefundStarter, type RefundRequest, requestRefund } from './refunds/index.ts';
import {
  countByState,
  countOpen,
  findPaymentsOf,
  insertPayments,
  type PaymentRow,
  type PaymentView,
  withdrawPayments,
} from './store.ts';
import { paymentEvents, paymentRequests } from './topics.ts';

/** Payments know a payer, an amount and a reference; never a subscription. */
export interface Payments {
  /** Writes charges down and publishes them to their gateways. Answers their ids, in order. */
  request(tx: Tx, requests: readonly ChargeRequest[]): Promise<readonly string[]>;
  /**
   * Ends what was not sent yet for these references. `underWay` names payments that have gone, or may have:
   * what becomes of them is told by their response.
   */
  withdraw(
    tx: Tx,
    input: {
      readonly customerId: bigint;
      readonly gateway: string;
      readonly references: readonly string[];
      readonly reason: string;
    },
  ): Promise<{ readonly withdrawn: readonly string[]; readonly underWay: readonly string[] }>;
  /**
   * Asks for a refund of a charge, whole or in part, and answers its id. Throws `payment_unknown`,
   * `payment_not_accepted`, `payment_is_refund`, `refund_exceeds_charge`, `refund_not_possible`, `refund_open`,
   * `payment_disputed`.
   */
  refund(tx: Tx, request: RefundRequest): Promise<string>;
  /** One payment with its refunds, the newest first. Throws `payment_unknown`. */
  report(executor: Executor, payment: string): Promise<PaymentReport>;
  /** What was charged to a customer and given back, the newest first, at most `limit`; `before` is the last id seen. */
  history(
    executor: Executor,
    page: { readonly customerId: bigint; readonly before: bigint | null; readonly limit: number },
  ): Promise<readonly PaymentFacts[]>;
  /** How many more charges may be asked of this gateway now: 30 seconds' worth of its rate; 0 while it is down. */
  room(gateway: string): Promise<number>;
  of(customerId: bigint, references: readonly string[]): Promise<readonly PaymentView[]>;
  openByState(): Promise<readonly { gateway: string; state: string; count: bigint }[]>;
  /** Pages that payers pay on, and cards that they leave. */
  readonly cards: CardPayments;
  /** Where card gateways tell what happened. */
  readonly inbox: NotificationInbox;
}

export interface PaymentsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly operators: Operators;
  readonly sealer: Sealer;
  /** None unless told. */
  readonly cardGateways?: CardGateways;
}

const ROOM_SECONDS = 30;
/** Counting further would cost more than it tells. */
const ROOM_MOST = 20_000;

export function createPayments(options: PaymentsOptions): Payments {
  const { bus, cardGateways = NO_CARD_GATEWAYS, clock, database, ids, operators } = options;
  const starter = createRefundStarter(options);
  const lineOf = createLines({ cardGateways, operators });
  const takesBack = (gateway: string) =>
    cardGateways.gateway(gateway)?.capabilities.refund ?? operators.get(gateway).refunds;
  return {
    async request(tx, requests) {
      if (requests.length === 0) return [];
      const now = clock.now();
      const payments = requests.map((request) => ({ ...request, id: ids.next(now.getTime()) }));
      await insertPayments(tx, { payments, now });
      const byGateway = Map.groupBy(payments, (payment) => payment.gateway);
      await bus.publishAll(
        tx,
        [...byGateway].map(([gateway, some]) =>
          parcel(
            paymentRequests(gateway),
            some.map((payment) => ({
              key: payment.customerId.toString(),
              priority: payment.priority,
              payload: {
                payment: paymentId(payment.customerId, payment.id),
                kind: 'charge' as const,
                not_after: payment.notAfter.toISOString(),
              },
            })),
          ),
        ),
      );
      return payments.map((payment) => paymentId(payment.customerId, payment.id));
    },

    async withdraw(tx, { customerId, gateway, references, reason }) {
      const now = clock.now();
      const rows = await withdrawPayments(tx, { customerId, references, reason, now });
      const withdrawn = rows.filter((row) => row.state === 'withdrawn');
      await letGo(options, tx, { rows, gateway, reason });
      await bus.publish(
        tx,
        paymentEvents,
        withdrawn.map((row) => ({
          key: customerId.toString(),
          payload: toEvent(row, gateway, now.toISOString()),
        })),
      );
      const name = (row: { customer_id: bigint; id: bigint }) => paymentId(row.customer_id, row.id);
      return {
        withdrawn: withdrawn.map(name),
        underWay: rows.filter((row) => row.state !== 'withdrawn').map(name),
      };
    },

    async refund(tx, request) {
      const refund = await requestRefund({ takesBack, starter }, tx, request);
      return paymentId(refund.customer_id, refund.id);
    },

    ...{ report: describePayment, history: listPayments },

    async room(gateway) {
      const line = lineOf(gateway);
      if (!line.admits()) return 0;
      const perSecond = line.chargesPerSecond;
      const most = Math.min(ROOM_MOST, Math.max(1, Math.ceil(perSecond * ROOM_SECONDS)));
      return most - (await countOpen(database.pool, gateway, most));
    },

    of: (customerId, references) => findPaymentsOf(database.pool, customerId, references),
    openByState: () => countByState(database.pool),
    cards: createCardPayments({ ...options, cardGateways }),
    inbox: createNotificationInbox({ ...options, cardGateways }),
  };
}

/** How each gateway is reached: a card's by its account, all others by their operator. */
function createLines({
  cardGateways,
  operators,
}: {
  readonly cardGateways: CardGateways;
  readonly operators: Operators;
}) {
  return (gateway: string) => {
    if (cardGateways.gateway(gateway)) {
      const line = cardGateways.line(gateway);
      return { admits: line.admits, chargesPerSecond: line.perSecond() };
    }
    const perSecond = operators.get(gateway).requestsPerSecond / CALLS_PER_CHARGE;
    return { admits: operators.connection(gateway).admits, chargesPerSecond: perSecond };
  };
}

/** What was only reserved when its payer withdrew is not taken: he has his money at once. */
async function letGo(
  { clock, ids }: PaymentsOptions,
  tx: Tx,
  given: {
    readonly rows: readonly PaymentRow[];
    readonly gateway: string;
    readonly reason: string;
  },
): Promise<void> {
  const now = clock.now();
  for (const row of given.rows) {
    const { gateway_reference: transaction } = row;
    if (row.state !== 'authorized' || transaction === null) continue;
    await insertOperation(tx, {
      ...{ customerId: row.customer_id, paymentId: row.id, id: ids.next(now.getTime()) },
      ...{ gateway: given.gateway, transaction, kind: 'void', amountMinor: row.amount_minor },
      ...{ currency: row.currency, reason: given.reason, now },
    });
  }
}
