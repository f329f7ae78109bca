import type { HttpApp } from '#http';
import {
  registerCardLink,
  registerClientLinkRoute,
  registerClientPages,
  registerOriginalRoutes,
  registerPayPages,
  registerShop,
} from '#subscriptions';
import type { ProcessName } from './cli/app.ts';
import type { House } from './house.ts';

/**
 * What a customer sees of his subscriptions: the site has it, and so has `client-admin` where it runs apart, because its pages lead
 * to those on which a card is entered. What merchants call is the site's.
 */
export function addCustomerPages(
  app: HttpApp,
  house: House,
  processes: readonly ProcessName[],
): void {
  const isSite = processes.includes('dispatcher');
  if (!isSite && !processes.includes('client-admin')) return;
  const { config, subscriptions } = house;
  const options = { ...house, publicUrl: config.publicUrl, cards: subscriptions.cards };
  registerPayPages(app, options);
  registerCardLink(app, { ...options, readToken: subscriptions.readUnsubscribeToken });
  registerShop(app, options);
  registerClientPages(app, options);
  if (!isSite) return;
  registerOriginalRoutes(app, options);
  registerClientLinkRoute(app, options);
}
