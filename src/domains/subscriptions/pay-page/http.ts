import type { FastifyReply, FastifyRequest } from 'fastify';
import { createRateLimiter, type HttpApp, sendPage } from '#http';
import type { PayPage } from '#subscriptions/cards';
import type { Reader } from '#subscriptions/speech';
import { agreeToOrder, refusalOf } from './agree.ts';
import { fail } from './errors.ts';
import {
  leadToPayment,
  lookAtOrder,
  lookAtPayment,
  type OrderPage,
  type PaymentPage,
  type PaymentStanding,
  type PayPageOptions,
  signShown,
  type Visitor,
} from './look.ts';
import { type OrderView, renderOrderPage, renderRefusedOrder } from './order-page.ts';
import { renderPaymentPage } from './payment-page.ts';
import { renderResultPage, renderUnavailable, standingOf } from './result-page.ts';

const PAGE = { config: { page: true } } as const;
/** Whole neighbourhoods share one address of a mobile network. */
const FORMS_PER_MINUTE = 60;
const USER_AGENT_MOST = 300;

interface OfToken {
  readonly Params: { readonly token: string };
  readonly Querystring: { readonly look?: string; readonly open?: string };
  readonly Body: Readonly<Record<string, string>> | undefined;
}

/** `/pay/{token}`: an order waits there for its consent, or a payment for its holder. A GET charges nobody. */
export function registerPayPages(app: HttpApp, options: PayPageOptions): void {
  const { cards, locales } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });

  app.get<OfToken>('/pay/:token', PAGE, async (request, reply) => {
    const page = cards.readPage(request.params.token);
    if (page.page === 'payment') return sendPayment(options, { request, reply, page });
    const reader = locales.read(request, page.order.locale);
    try {
      const { purchase } = await lookAtOrder(options, page, reader.speech.locale);
      return sendOrder(options, reply, { reader, purchase, path: pathOf(request) });
    } catch (error) {
      const why = refusalOf(error);
      if (why === undefined) throw error;
      return sendPage(reply, renderRefusedOrder(reader, page, why), 409);
    }
  });

  app.post<OfToken>('/pay/:token', PAGE, async (request, reply) => {
    forms.take(request.ip);
    const page = mustBeOrder(cards.readPage(request.params.token));
    const reader = locales.read(request, page.order.locale);
    const { speech } = reader;
    const { agree, shown } = request.body ?? {};
    if (typeof shown !== 'string')
      throw fail('form_incomplete', 'The form came without shown. Open the page again.');
    const form = { shown, speech, isTicked: agree === 'yes', visitor: visitorOf(request) };
    const agreed = await agreeToOrder(options, page, form);
    switch (agreed.outcome) {
      case 'agreed':
        return reply.redirect(`${new URL(cards.pageUrl(agreed.page)).pathname}?open=now`, 303);
      case 'refused':
        return sendPage(reply, renderRefusedOrder(reader, page, agreed.why), 409);
      case 'again': {
        const { fault, purchase } = agreed;
        return sendOrder(options, reply, { reader, purchase, path: pathOf(request), fault });
      }
    }
  });

  app.get<OfToken>('/pay/:token/result', PAGE, async (request, reply) => {
    const page = mustBePayment(cards.readPage(request.params.token));
    return sendResult(options, { request, reply, page });
  });

  app.get<OfToken>('/pay/:token/state', async (request, reply) => {
    const page = mustBePayment(cards.readPage(request.params.token));
    const { standing } = await lookAsReader(options, { page, request });
    return reply.header('cache-control', 'no-store').send({ state: standingOf(standing) });
  });
}

const STATUS = { consent_missing: 422, changed: 409, none: 200 } as const;

function sendOrder(
  options: PayPageOptions,
  reply: FastifyReply,
  order: Omit<OrderView, 'shown'>,
): FastifyReply {
  const shown = signShown(options, order.purchase);
  return sendPage(reply, renderOrderPage({ ...order, shown }), STATUS[order.fault ?? 'none']);
}

interface Asked {
  readonly request: FastifyRequest<OfToken>;
  readonly reply: FastifyReply;
  readonly page: PaymentPage;
}

/** What is true of a payment, and who reads it: where he has chosen no language, in that of the order. */
async function lookAsReader(
  options: PayPageOptions,
  { page, request }: Pick<Asked, 'page' | 'request'>,
): Promise<{ readonly standing: PaymentStanding; readonly reader: Reader }> {
  const { locales } = options;
  const localeOf = (stored: string) => locales.read(request, stored).speech.locale;
  const standing = await lookAtPayment(options, page, localeOf);
  return { standing, reader: locales.read(request) };
}

async function sendPayment(options: PayPageOptions, asked: Asked): Promise<FastifyReply> {
  const { page, reply, request } = asked;
  const { reader, standing } = await lookAsReader(options, asked);
  if (standingOf(standing) !== 'open') return sendResult(options, asked);
  const path = pathOf(request);
  const { isCardPage, purchase } = standing;
  const led = await leadToPayment(options, page, {
    ...{ ipAddress: request.ip, locale: purchase.locale },
    returnUrl: `${options.cards.pageUrl(page)}/result`,
  });
  if (led.outcome === 'not_open') return sendResult(options, asked);
  if (led.outcome === 'unavailable') {
    reply.header('retry-after', 60);
    return sendPage(reply, renderUnavailable(reader, path), 503);
  }
  const { presentation } = led;
  const opensNow = request.query.open === 'now';
  const view = { purchase, presentation, path, isCardPage, opensNow };
  return sendPage(reply, renderPaymentPage(reader, view));
}

async function sendResult(options: PayPageOptions, asked: Asked): Promise<FastifyReply> {
  const { page, reply, request } = asked;
  const { reader, standing } = await lookAsReader(options, asked);
  const looks = Number.parseInt(request.query.look ?? '', 10) || 0;
  const { returnUrl } = page;
  const view = { standing, path: pathOf(request), returnUrl, looks };
  return sendPage(reply, renderResultPage(reader, view));
}

function pathOf({ params }: FastifyRequest<OfToken>): string {
  return `/pay/${encodeURIComponent(params.token)}`;
}

function mustBeOrder(page: PayPage): OrderPage {
  if (page.page === 'order') return page;
  throw fail(
    'page_of_another_kind',
    'Nothing is to be agreed to here: this page is for a payment.',
  );
}

function mustBePayment(page: PayPage): PaymentPage {
  if (page.page === 'payment') return page;
  throw fail('page_of_another_kind', 'Nothing was agreed to here yet: open the page of the order.');
}

function visitorOf({ headers, ip }: FastifyRequest<OfToken>): Visitor {
  const userAgent = headers['user-agent']
    ?.slice(0, USER_AGENT_MOST)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '');
  return { address: ip, userAgent };
}
