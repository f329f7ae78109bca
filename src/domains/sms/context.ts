import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import type { Log } from '#log';
import type { Rules } from '#rules';
import type { Webhooks } from '#webhooks';
import type { EventTeller } from './tell-events.ts';

/** What the use cases of sms stand on. */
export interface SmsContext {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly rules: Rules;
  readonly webhooks: Webhooks;
  readonly teller: EventTeller;
  readonly routes: Routes;
}

/** Which providers there are, wherever they run, and which of them take messages now. */
export interface Routes {
  /** Whether a provider of this name can send at all: an operator, or an account that is enabled. */
  knows(provider: string): boolean;
  /** False while its breaker is open, or while it refuses all of us. */
  admits(provider: string): boolean;
  /** Messages a second that it takes; 0 where it is not known. */
  perSecond(provider: string): number;
  /** The operator whose plan a number belongs to, if there is one. */
  operatorOf(msisdn: string): string | undefined;
}
