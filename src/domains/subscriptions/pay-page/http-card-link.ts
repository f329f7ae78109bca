import { AppError } from '#errors';
import { createRateLimiter, type HttpApp, html, type Page, sendPage } from '#http';
import type { CardCase } from '#subscriptions/cards';
import { renderNotice } from '#subscriptions/pages';
import type { Reader } from '#subscriptions/speech';
import { fail } from './errors.ts';
import type { PayPageOptions } from './look.ts';

const PAGE = { config: { page: true } } as const;
const FORMS_PER_MINUTE = 60;
/** Answers of the business to whoever wants to enter a card. */
const REFUSALS = new Set(['subscription_ended', 'card_page_refused', 'not_by_card']);

interface OfToken {
  readonly Params: { readonly token: string };
}

export interface CardLinkOptions extends PayPageOptions {
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
  /** The subscription that a link of an SMS is about. Throws for one that is not ours. */
  readonly readToken: (token: string) => string;
}

/** `/card/{token}`, from an SMS: another card is entered, or what is owed is paid. Opening it does nothing yet. */
export function registerCardLink(app: HttpApp, options: CardLinkOptions): void {
  const { cards, database, locales, publicUrl, readToken } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });

  async function find(token: string): Promise<CardCase> {
    const one = await cards.find(database.pool, readToken(token));
    if (one) return one;
    throw fail('order_closed', 'There is no subscription by card at this address.');
  }

  app.get<OfToken>('/card/:token', PAGE, async (request, reply) => {
    const { token } = request.params;
    const one = await find(token);
    const title = (await cards.plan(one.priced.selection.price.plan))?.title;
    const reader = locales.read(request, one.locale);
    return sendPage(reply, renderCardLink(reader, { one, title, token }));
  });

  app.post<OfToken>('/card/:token', PAGE, async (request, reply) => {
    forms.take(request.ip);
    const subscription = readToken(request.params.token);
    try {
      const { payment } = await database.transaction((tx) => cards.cardPage(tx, subscription));
      const returnUrl = `${publicUrl}/me`;
      const url = cards.pageUrl({ page: 'payment', subscription, payment, returnUrl });
      return reply.redirect(`${new URL(url).pathname}?open=now`, 303);
    } catch (error) {
      if (!(error instanceof AppError) || !REFUSALS.has(error.code)) throw error;
      const reader = locales.read(request);
      const { say, sayWord } = reader.speech;
      const page = renderNotice({
        ...{ reader, tone: 'warn', title: say('card_link.refused') },
        body: html`<p>${sayWord('refused', error.code, 'refused.else')}</p><div class="actions"><a class="button" href="/me">${say('nav.yours')}</a></div>`,
      });
      return sendPage(reply, page, 409);
    }
  });
}

function renderCardLink(
  reader: Reader,
  {
    one,
    token,
    title = one.priced.selection.price.plan,
  }: { readonly one: CardCase; readonly title: string | undefined; readonly token: string },
): Page {
  const { money, say, sayWith } = reader.speech;
  if (one.endedAt) {
    return renderNotice({
      ...{ reader, tone: 'idle', title: say('card_link.ended', { title }) },
      body: html`<p>${say('card_link.ended_text')}</p>`,
    });
  }
  const owed = one.bill?.state === 'open' ? one.bill : undefined;
  const amount = owed && money(owed.amountMinor, owed.currency);
  const link = html`<a href="/me">${say('pay.cancel_link')}</a>`;
  return renderNotice({
    ...{ reader, tone: owed ? 'warn' : 'info', title: say('card_link.title', { title }) },
    body: html`<p>${
      amount === undefined ? say('card_link.other') : say('card_link.owed', { amount })
    }</p><form method="post" action="/card/${encodeURIComponent(token)}"><button class="main">${say('card_link.enter')}</button></form>
<p class="foot">${sayWith('card_link.or_see', { link })}</p>`,
  });
}
