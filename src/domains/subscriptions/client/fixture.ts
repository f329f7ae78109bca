import { must } from '#errors';
import { lives, type ShopAccount, type SimulatedGateway, timeOf } from '#subscriptions/cards/stage';
import { type Browser, openSite, type Seen } from '#subscriptions/pages/fixture';
import {
  registerCardLink,
  registerOriginalRoutes,
  registerPayPages,
} from '#subscriptions/pay-page';
import { registerShop } from '#subscriptions/shop';
import { registerClientLinkRoute, registerClientPages } from './index.ts';

/** The cabinet, a shop behind it, and people who buy and sign in. */
export async function openCabinet(gateway: SimulatedGateway, options: ShopAccount = {}) {
  const site = await openSite(
    gateway,
    (app, house) => {
      registerPayPages(app, house);
      registerShop(app, house);
      registerCardLink(app, {
        ...{ ...house, readToken: house.subscriptions.readUnsubscribeToken },
      });
      registerOriginalRoutes(app, house);
      registerClientPages(app, house);
      registerClientLinkRoute(app, house);
    },
    options,
  );
  const { buys } = lives(site);
  const { quiet, until } = timeOf(site);

  function pinOf(msisdn: string): string {
    const message = site.said.findLast((one) => one.recipient === msisdn && one.kind === 'pin');
    must(message, `a PIN was sent to ${msisdn}`);
    return message.body.slice(0, 5);
  }

  async function asksPin(browser: Browser, msisdn: string): Promise<Seen> {
    const begin = await browser.get('/me/in');
    return browser.submit(begin, '/me/in', { number: msisdn });
  }

  async function signsIn(msisdn: string): Promise<Browser> {
    const browser = site.browse();
    const page = await asksPin(browser, msisdn);
    await browser.submit(page, '/me/pin', { pin: pinOf(msisdn) });
    return browser;
  }

  /** Somebody with a subscription that is paid, signed in. */
  async function subscriber(plan = 'month') {
    const life = await buys({ plan, locale: 'en' });
    await life.pays();
    const browser = await signsIn(life.msisdn);
    return { ...life, browser, path: `/me/s/${life.subscription}` };
  }

  return { ...site, asksPin, buys, pinOf, quiet, signsIn, subscriber, until };
}
