import type { Bus, Consumer } from '#bus';
import type { Clock } from '#clock';
import type { Database, Executor, Tx } from '#database';
import type { Metrics } from '#metrics';
import { type LoggedRequest, paymentsLog, saverGroup } from './log-topic.ts';
import * as process from './process-store.ts';
import type { RequestRow } from './request-row.ts';
import { countOpenRequests, findRequest, insertRequests, listRequests } from './save-store.ts';

/** Requests for payments: put on the log, saved from it, taken, answered. Whoever decides what becomes of them asks here. */
export interface PaymentRequests {
  /** On the log if and only if `tx` commits. */
  publish(tx: Tx, requests: readonly LoggedRequest[]): Promise<void>;
  /** Writes down what came off the log, in its order; what was saved before stays. Answers how many are new. */
  save(tx: Tx, requests: readonly LoggedRequest[], now: Date): Promise<number>;
  find(executor: Executor, id: bigint): Promise<RequestRow | undefined>;
  /** Of one user, the newest first. */
  list(
    executor: Executor,
    page: { readonly user: string; readonly before: bigint | null; readonly limit: number },
  ): Promise<readonly RequestRow[]>;
  openByStatus(): ReturnType<typeof countOpenRequests>;
  /** Users with new requests, in this transaction's hand. */
  holdUsers: typeof process.holdUsers;
  /** Their latest, to be sent; the earlier ones are `duplicated`. The users are held. */
  takeLatest: typeof process.takeLatest;
  markInProcessing: typeof process.markInProcessing;
  markRefused: typeof process.markRefused;
  findUnderWay: typeof process.findUnderWay;
  findEndedRefunds: typeof process.findEndedRefunds;
  lockUnderWay: typeof process.lockUnderWay;
  markProcessed: typeof process.markProcessed;
  completeProcessed: typeof process.completeProcessed;
  defaultCards: typeof process.findDefaultCards;
}

export function createPaymentRequests({
  bus,
  database,
}: {
  readonly bus: Bus;
  readonly database: Database;
}): PaymentRequests {
  const { findDefaultCards: defaultCards, ...steps } = process;
  return {
    ...steps,
    defaultCards,
    publish: (tx, requests) =>
      bus.publish(
        tx,
        paymentsLog,
        requests.map((payload) => ({ key: payload.user, payload })),
      ),
    save: (tx, logged, now) => insertRequests(tx, { requests: logged, now }),
    find: findRequest,
    list: listRequests,
    openByStatus: () => countOpenRequests(database.pool),
  };
}

/** Takes requests off the log and writes them down, in order by user. As many copies as wanted. */
export interface Saver {
  start(): void;
  stop(): Promise<void>;
}

export interface SaverOptions {
  readonly requests: Pick<PaymentRequests, 'save'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

const BATCH_SIZE = 500;

export function createSaver({ bus, clock, metrics, requests }: SaverOptions): Saver {
  const saved = metrics.counter(
    'kopek_payment_requests_saved_total',
    'Payment requests that saver has written down',
  );
  let consumer: Consumer | undefined;
  return {
    start() {
      consumer ??= bus.consume(
        saverGroup,
        { batchSize: BATCH_SIZE, concurrency: 2 },
        async (tx, messages) => {
          const logged = messages.map(({ payload }) => payload);
          saved.inc({}, await requests.save(tx, logged, clock.now()));
        },
      );
    },
    async stop() {
      await consumer?.stop();
    },
  };
}
