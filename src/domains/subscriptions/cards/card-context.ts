import type { Sealer } from '#auth';
import type { Context } from '#subscriptions/context';
import type { Plans } from './plans/index.ts';

/** What every use case of card subscriptions works with. */
export interface CardContext extends Context {
  readonly plans: Plans;
  readonly sealer: Sealer;
  readonly publicUrl: string;
  /** Where another card is entered, or the open bill is paid. */
  readonly cardLink: (subscription: string) => string;
}
