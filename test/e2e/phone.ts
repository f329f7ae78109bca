import { eventually } from '#testing';

/** A customer with a phone and a browser: pages by HTTP, SMS by the operator's simulator. */
export interface Phone {
  /** Digits with the country code, as the operator writes them. */
  readonly digits: string;
  /** E.164. */
  readonly msisdn: string;
  /** As people here dial it. */
  readonly local: string;
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<ShownPage>;
  /** Fills the first form that has all these fields (the first of all without any) and sends it. */
  fill(page: ShownPage, fields?: Readonly<Record<string, string>>): Promise<ShownPage>;
  /** Landing page, number, PIN from the phone, confirmation. */
  subscribe(path?: string): Promise<ShownPage>;
  /** The button of a page that knows the number, named in its query. */
  subscribeByQuery(link?: string): Promise<ShownPage>;
  pin(): Promise<string>;
  /** Texts of the SMS on the phone, in order. */
  inbox(): Promise<readonly string[]>;
  text(text: string): Promise<void>;
  debits(): Promise<readonly Debit[]>;
  credits(): Promise<readonly Debit[]>;
  topUp(amountMinor: number): Promise<void>;
  put(changes: Readonly<Record<string, unknown>>): Promise<void>;
  scenario(name: string, more?: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface ShownPage {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export interface Debit {
  readonly transaction_id: string;
  readonly amount_minor: number;
  readonly origin_time: string;
  readonly external_data: string;
}

export interface PhoneOptions {
  readonly digits: string;
  readonly site: string;
  readonly simulator: string;
}

export function createPhone({ digits, site, simulator }: PhoneOptions): Phone {
  // An address of its own: forms are limited by address.
  const tail = Number(digits.slice(-5));
  const address = `203.${(tail >> 8) & 0xff}.113.${tail & 0xff}`;
  const own = { 'x-forwarded-for': address, 'user-agent': 'Mozilla/5.0 (Linux; Android 14) Test' };

  async function show(url: string, init: RequestInit = {}): Promise<ShownPage> {
    const answer = await fetch(url, { ...init, headers: { ...own, ...init.headers } });
    return { url: answer.url, status: answer.status, text: await answer.text() };
  }

  async function operator(method: string, path: string, body?: unknown) {
    const answer = await fetch(simulator + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  async function inbox(): Promise<readonly string[]> {
    const { messages } = await operator('GET', `/messages?msisdn=${digits}`);
    return (messages as { direction: string; text: string }[])
      .filter(({ direction }) => direction === 'mt')
      .map(({ text }) => text);
  }

  const open: Phone['open'] = (path, headers = {}) => show(new URL(path, site).href, { headers });
  const fill: Phone['fill'] = (page, fields = {}) => {
    const form = findForm(page.text, Object.keys(fields));
    const body = new URLSearchParams({ ...form.fields, ...fields });
    return show(new URL(form.action, page.url).href, { method: 'POST', body });
  };
  const pin = (after = 0) =>
    eventually(async () => {
      const texts = (await inbox()).slice(after);
      const found = texts.map((text) => /(?<!\d)\d{4,8}(?!\d)/.exec(text)?.[0]).find(Boolean);
      if (!found) throw new Error('no PIN has come');
      return found;
    });
  const local = `0${digits.slice(2)}`;

  return {
    ...{ digits, msisdn: `+${digits}`, local, open, fill, pin, inbox },
    async subscribe(path = '/lp/demo') {
      const heard = (await inbox()).length;
      const asked = await fill(await open(path), { msisdn: local });
      return fill(asked, { pin: await pin(heard) });
    },
    subscribeByQuery: async (link = 'demo') => fill(await open(`/lp/${link}?msisdn=${digits}`)),
    async text(text) {
      await operator('POST', `/customers/${digits}/mo`, { text });
      await eventually(async () => {
        const { messages } = await operator('GET', `/messages?msisdn=${digits}`);
        const waiting = (messages as { state: string }[]).some(({ state }) => state === 'waiting');
        if (waiting) throw new Error('an SMS is on its way');
      });
    },
    debits: async () =>
      (await operator('GET', `/ledger?msisdn=${digits}`)).debits as readonly Debit[],
    credits: async () =>
      (await operator('GET', `/credits?msisdn=${digits}`)).credits as readonly Debit[],
    async topUp(amountMinor) {
      await operator('POST', `/customers/${digits}/topup`, { amount_minor: amountMinor });
    },
    async put(changes) {
      await operator('PUT', `/customers/${digits}`, changes);
    },
    async scenario(name, more = {}) {
      await operator('POST', '/scenarios', { name, msisdn: digits, ...more });
    },
  };
}

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

function findForm(page: string, wanted: readonly string[]): Form {
  const forms = [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(
    ([, attributes = '', inside = '']): Form => ({
      action: attribute(attributes, 'action'),
      fields: Object.fromEntries(
        [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => [
          attribute(input, 'name'),
          attribute(input, 'value'),
        ]),
      ),
    }),
  );
  const found = forms.find(({ fields }) => wanted.every((name) => name in fields));
  if (!found) throw new Error(`no form asks for ${wanted.join(', ') || 'anything'}: ${page}`);
  return found;
}

function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '';
  return value.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
