import assert from 'node:assert/strict';
import { after } from 'node:test';
import { createKeyring } from '#auth';
import { createHttpServer, type HttpApp } from '#http';
import type { OutgoingSms, Sms } from '#sms';
import { createSubscriptions, type NewPlan } from '#subscriptions';
import {
  monthly,
  openShop,
  SECRET,
  type Shop,
  type ShopAccount,
  type SimulatedGateway,
} from '#subscriptions/cards/stage';
import { createLocaleChoice, registerLanguage } from '#subscriptions/speech';
import { freePort } from '#testing';
import { renderCustomerProblem } from './problem-page.ts';

export const MSISDN = '+79161234567';

/** The same, cheaper, and one that begins with a trial. */
export const plans: readonly NewPlan[] = [
  {
    ...{ ...monthly, code: 'yearly', title: 'Cinema for a year' },
    price: { ...monthly.price, unitPriceMinor: 199_000n, interval: { unit: 'month', count: 12 } },
  },
  { ...monthly, code: 'tried', title: 'Series', trialDays: 7 },
];

export type Site = Awaited<ReturnType<typeof openSite>>;

/** A shop by card with pages in front of it, as `addPages` adds them. */
export async function openSite(
  gateway: SimulatedGateway,
  addPages: (app: HttpApp, house: SiteHouse) => void,
  options: ShopAccount = {},
) {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const shop = await openShop(gateway, { publicUrl, ...options });
  const { database } = shop;
  for (const plan of plans) await database.transaction((tx) => shop.cards.addPlan(tx, plan));
  const house = houseOf(shop, publicUrl);
  const keyring = createKeyring({ database });
  const { locales } = house;
  const server = await createHttpServer({
    ...{ ...shop, api: { ...shop, keyring } },
    renderErrorPage: (problem, request) => renderCustomerProblem(problem, locales.read(request)),
  });
  registerLanguage(server.app, house);
  addPages(server.app, house);
  await server.listen(port, '127.0.0.1');
  after(() => server.close());
  return { ...house, browse: () => createBrowser(publicUrl) };
}

export type SiteHouse = ReturnType<typeof houseOf>;

function houseOf(shop: Shop, publicUrl: string) {
  const subscriptions = createSubscriptions({ ...shop.context, secret: SECRET, publicUrl });
  const { operators, sms } = shop.context;
  /** What was said to phones by these pages: a PIN is nowhere else to be read. */
  const said: OutgoingSms[] = [];
  const listened: Pick<Sms, 'send'> = {
    send(tx, messages) {
      said.push(...messages);
      return sms.send(tx, messages);
    },
  };
  return {
    ...{ ...shop, operators, sms: listened, said, publicUrl, subscriptions },
    ...{ cards: subscriptions.cards, secret: SECRET },
    locales: createLocaleChoice({ fallback: 'en' }),
  };
}

/** What a page answered. */
export interface Seen {
  readonly status: number;
  readonly path: string;
  readonly text: string;
  readonly policy: string;
  readonly location: string | undefined;
}

/** As little of a browser as a form needs: cookies, hidden fields, and no script. */
export function createBrowser(site: string) {
  const cookies = new Map<string, string>();

  async function ask(path: string, init: RequestInit = {}): Promise<Seen> {
    const headers = new Headers(init.headers);
    if (!headers.has('accept')) headers.set('accept', 'text/html');
    if (cookies.size > 0)
      headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(site + path, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return {
      ...{ status: answer.status, path, text: await answer.text() },
      policy: answer.headers.get('content-security-policy') ?? '',
      location: answer.headers.get('location') ?? undefined,
    };
  }

  async function follow(seen: Seen): Promise<Seen> {
    return seen.location === undefined ? seen : get(seen.location.replace(site, ''));
  }

  async function get(path: string): Promise<Seen> {
    return follow(await ask(path));
  }

  /** Sends the form of a page that goes to `action`, with these fields filled in. */
  async function submit(
    page: Seen,
    action: string | RegExp,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<Seen> {
    const form = formOf(page, action);
    return follow(await post(form.action, { ...form.fields, ...fields }));
  }

  async function post(path: string, fields: Readonly<Record<string, string>>): Promise<Seen> {
    return ask(path, {
      ...{ method: 'POST', body: new URLSearchParams(fields).toString() },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  }

  return { ask, cookies, get, post, submit };
}

export type Browser = ReturnType<typeof createBrowser>;

/** A form of a page as a browser would send it untouched. */
export function formOf({ path, text }: Seen, action: string | RegExp) {
  const forms = [...text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)];
  const found = forms.find(([, to = '']) =>
    typeof action === 'string' ? to === action : action.test(to),
  );
  assert.ok(found, `${path} has a form to ${action}, not only ${forms.map(([, to]) => to)}`);
  const [, to = '', inside = ''] = found;
  const inputs = [...inside.matchAll(/<input[^>]*>/g)].flatMap(([input]) => {
    const nameOf = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1];
    const isPressed = !/type="(checkbox|radio)"/.test(input) || / checked/.test(input);
    const name = nameOf('name');
    return name !== undefined && isPressed
      ? [[name, unescapeHtml(nameOf('value') ?? '')] as const]
      : [];
  });
  return { action: unescapeHtml(to), fields: Object.fromEntries(inputs) };
}

function unescapeHtml(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
