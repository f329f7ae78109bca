import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators } from '#operators';
import type { Payments } from '#payments';
import type { PaymentRequests } from '#payments/intake';
import type { Sms } from '#sms';
import type { CardSubscriptions } from '#subscriptions/cards';
import type { Webhooks } from '#webhooks';

/** What every use case of the intake works with. */
export interface IntakeContext {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  readonly payments: Payments;
  readonly requests: PaymentRequests;
  readonly cards: CardSubscriptions;
  readonly sms: Sms;
  readonly webhooks: Webhooks;
  /** The name that handsets show where no operator of ours has the number. */
  readonly smsSender: string;
}
