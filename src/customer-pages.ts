import { isLandingPage, renderLandingProblem } from '#acquisition';
import type { ErrorPage, HttpApp } from '#http';
import {
  createLocaleChoice,
  isCustomerPage,
  type LocaleChoice,
  registerCardLink,
  registerClientLinkRoute,
  registerClientPages,
  registerLanguage,
  registerOriginalRoutes,
  registerPayPages,
  registerShop,
  renderCustomerProblem,
} from '#subscriptions';
import type { ProcessName } from './cli/app.ts';
import type { House } from './house.ts';

/**
 * What a customer sees of his subscriptions: the site has it, and so has `client-admin` where it runs apart, because its pages lead
 * to those on which a card is entered. What merchants call is the site's.
 */
export function addCustomerPages(
  app: HttpApp,
  house: House & { readonly locales: LocaleChoice },
  processes: readonly ProcessName[],
): void {
  const isSite = processes.includes('dispatcher');
  if (!isSite && !processes.includes('client-admin')) return;
  const { config, subscriptions } = house;
  const { publicUrl } = config;
  const options = { ...house, publicUrl, cards: subscriptions.cards };
  registerLanguage(app, options);
  registerPayPages(app, options);
  registerCardLink(app, { ...options, readToken: subscriptions.readUnsubscribeToken });
  registerShop(app, options);
  registerClientPages(app, options);
  if (!isSite) return;
  registerOriginalRoutes(app, options);
  registerClientLinkRoute(app, options);
}

/** In which language customers are spoken to where nobody has chosen one. */
export function localesOf({ config }: Pick<House, 'config'>): LocaleChoice {
  return createLocaleChoice({ fallback: config.locale });
}

/** Errors of a customer's pages, and of landing pages, in his language; those of other pages as `others` shows them. */
export function createErrorPage(locales: LocaleChoice, others: ErrorPage): ErrorPage {
  return (problem, request) => {
    if (isCustomerPage(request.url)) return renderCustomerProblem(problem, locales.read(request));
    return isLandingPage(request.url)
      ? renderLandingProblem(problem, locales.read(request))
      : others(problem, request);
  };
}
