import type { Database } from '#database';
import type { HttpApp } from '#http';
import type { NumberPlan } from '#phone';
import type { CardSubscriptions } from '#subscriptions/cards/create-cards';
import { registerSavedCardRoutes } from './http-cards.ts';
import { registerCommandRoutes } from './http-commands.ts';
import { registerMoveRoutes } from './http-moves.ts';
import { registerPayRoutes } from './http-pay.ts';
import { registerSwitchRoutes } from './http-switch.ts';

export interface CardRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly database: Database;
  /** How numbers of our operators are written. */
  readonly plans: () => readonly NumberPlan[];
}

/** What is bought, wanted and left by card. The end of a subscription has one route for both ways of paying. */
export function registerCardSubscriptionRoutes(app: HttpApp, options: CardRoutesOptions): void {
  registerPayRoutes(app, options);
  registerCommandRoutes(app, options);
  registerSavedCardRoutes(app, options);
  registerSwitchRoutes(app, options);
  registerMoveRoutes(app, options);
}
