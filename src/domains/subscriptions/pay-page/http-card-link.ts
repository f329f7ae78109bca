import { AppError } from '#errors';
import { createRateLimiter, type HttpApp, html, sendPage } from '#http';
import type { CardCase, CardSubscriptions } from '#subscriptions/cards';
import { renderNotice, sayMoney } from '#subscriptions/pages';
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
  const { cards, database, publicUrl, readToken } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });

  async function find(token: string): Promise<CardCase> {
    const one = await cards.find(database.pool, readToken(token));
    if (one) return one;
    throw fail('order_closed', 'There is no subscription by card at this address.');
  }

  app.get<OfToken>('/card/:token', PAGE, async ({ params }, reply) =>
    sendPage(reply, await renderCardLink(cards, await find(params.token), params.token)),
  );

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
      const page = renderNotice({
        ...{ tone: 'warn', title: 'No card can be entered now', locale: 'en' },
        body: html`<p>${error.message}</p><div class="actions"><a class="button" href="/me">Your subscriptions</a></div>`,
      });
      return sendPage(reply, page, 409);
    }
  });
}

async function renderCardLink(cards: CardSubscriptions, one: CardCase, token: string) {
  const plan = await cards.plan(one.priced.selection.price.plan);
  const title = plan?.title ?? one.priced.selection.price.plan;
  if (one.endedAt) {
    return renderNotice({
      ...{ tone: 'idle', title: `${title} has ended`, locale: 'en' },
      body: html`<p>Nothing is to be paid, and no card is needed.</p>`,
    });
  }
  const owed = one.bill?.state === 'open' ? one.bill : undefined;
  return renderNotice({
    ...{ tone: owed ? 'warn' : 'info', title: `Your card for ${title}`, locale: 'en' },
    body: html`<p>${
      owed
        ? `${sayMoney(owed.amountMinor, owed.currency)} could not be charged. Enter a card, and it is paid at once.`
        : 'Enter another card: it is charged from the next time on.'
    }</p><form method="post" action="/card/${encodeURIComponent(token)}"><button class="main">Enter a card</button></form>
<p class="foot">Or see <a href="/me">your subscriptions</a>.</p>`,
  });
}
