import type { AskedOnce } from '#auth';
import {
  createPaymentRequests,
  createSaver,
  parsePaymentRequestId,
  type RequestRow,
  type Saver,
} from '#payments/intake';
import type { Plan } from '#subscriptions/cards';
import type { AskedRequest, Taken } from './asked.ts';
import { fail } from './errors.ts';
import type { IntakeContext } from './intake-context.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { createProcessor, type Processor } from './processor.ts';
import { mustBeOwn } from './send-requests.ts';
import { findSubscribed } from './subscribed-store.ts';
import { createRequestTaker, type RequestTaker } from './take-requests.ts';

/** The intake of payments through a log: `payments-api` → `payments` → `saver` → `processor` → gateway → `notifier`. */
export interface Intake {
  /**
   * Answers when the request lies on the log, or at once who is subscribed already: then nothing is sent. Once per key. Throws
   * `idempotency_key_reused`, and `overloaded` when too many wait.
   */
  take(asked: AskedRequest, once: AskedOnce): Promise<Taken>;
  /** The plan as it is sold now. Throws `plan_unknown`, `plan_closed`. */
  planOnSale(code: string): Promise<Plan>;
  /** Throws what stands against giving this payment back to this number now, as far as it is known. */
  mustBeRefundable(refund: { readonly payment: string; readonly msisdn: string }): Promise<void>;
  /** Throws `payment_request_unknown`. */
  find(request: string): Promise<RequestRow>;
  /** Of one user, the newest first. */
  list(page: {
    readonly user: string;
    readonly before: bigint | null;
    readonly limit: number;
  }): Promise<readonly RequestRow[]>;
  /** Plans of these that the user has: `sub_…` by code. */
  subscribed(
    who: { readonly user: string; readonly msisdn: string },
    plans: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;
  plans(): Promise<readonly Plan[]>;
  gateways(): readonly string[];
  openByStatus: () => ReturnType<IntakeContext['requests']['openByStatus']>;
  saver(): Saver;
  processor(): Processor;
  notifier(): Notifier;
  drain(): Promise<void>;
}

export type IntakeOptions = Omit<IntakeContext, 'requests' | 'smsSender'> & {
  /** `Kopek` unless told. */
  readonly smsSender?: string;
  /** In place of the one that puts requests on the log. */
  readonly taker?: RequestTaker;
};

export function createIntake(options: IntakeOptions): Intake {
  const { cards, database, payments } = options;
  const requests = createPaymentRequests(options);
  const context: IntakeContext = { smsSender: 'Kopek', ...options, requests };
  const taker = options.taker ?? createRequestTaker(context);
  return {
    take: taker.take,
    drain: taker.drain,
    plans: cards.plans,
    gateways: payments.cards.gateways,
    async planOnSale(code) {
      const plan = await cards.plan(code);
      const faults = (message: string) => ({ faults: [{ field: 'plan', message }] });
      if (!plan)
        throw fail('plan_unknown', `There is no plan ${code} that is paid by card.`, {
          ...faults('is none of the plans on sale'),
        });
      if (plan.open) return plan;
      throw fail('plan_closed', `${plan.title} takes no new subscriptions.`, {
        ...faults('takes no new subscriptions'),
      });
    },
    mustBeRefundable: ({ msisdn, payment }) =>
      mustBeOwn(context, database.pool, { msisdn, refund_of: payment }),
    async find(request) {
      const row = await requests.find(database.pool, parsePaymentRequestId(request));
      if (row) return row;
      const why = `There is no payment request ${request}. What was taken this moment shows within seconds.`;
      throw fail('payment_request_unknown', why);
    },
    list: (page) => requests.list(database.pool, page),
    async subscribed(who, plans) {
      const found = await findSubscribed(
        database.pool,
        plans.map((plan) => ({ ...who, plan })),
      );
      return new Map([...found].map(([at, subscription]) => [plans[at] ?? '', subscription]));
    },
    openByStatus: requests.openByStatus,
    saver: () => createSaver(context),
    processor: () => createProcessor(context),
    notifier: () => createNotifier(context),
  };
}
