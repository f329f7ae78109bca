import type { HttpApp } from '#http';
import { registerLinkRoute } from './http-link.ts';
import { registerMoneyPages } from './http-money.ts';
import { registerPricePages } from './http-price.ts';
import { registerSignIn } from './http-sign-in.ts';
import { registerSubscriptionPages } from './http-subscriptions.ts';
import { registerSwitchPages } from './http-switch.ts';
import { type ClientOptions, createRoom } from './room.ts';

export type { ClientOptions } from './room.ts';
export { forgetSignIns } from './session-store.ts';

/** `/me`: what a customer has, pays and wants changed, for himself. The pages of the process `client-admin`. */
export function registerClientPages(app: HttpApp, options: ClientOptions): void {
  const room = createRoom(options);
  registerSignIn(app, room);
  registerSubscriptionPages(app, room);
  registerSwitchPages(app, room);
  registerPricePages(app, room);
  registerMoneyPages(app, room);
}

/** The route by which a merchant makes a link that signs a customer in. */
export function registerClientLinkRoute(app: HttpApp, options: ClientOptions): void {
  registerLinkRoute(app, { room: createRoom(options), operators: options.operators });
}
