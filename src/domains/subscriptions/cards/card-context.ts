import type { Context } from '#subscriptions/context';
import type { CardPayments } from './payments-door.ts';
import type { Plans } from './plans.ts';

/** What every use case of card subscriptions works with. */
export interface CardContext extends Omit<Context, 'payments'> {
  readonly payments: CardPayments;
  readonly plans: Plans;
  /** The name that handsets show where no operator of ours has the number. */
  readonly smsSender: string;
  /** Where another card is entered, or the open bill is paid. */
  readonly cardLink: (subscription: string) => string;
}
