import { AppError } from '#errors';
import {
  AmountMinor,
  CurrencyCode,
  type HttpApp,
  idempotentRoute,
  MsisdnText,
  type Static,
  Type,
} from '#http';
import type { NumberPlan } from '#phone';
import type { CardSubscriptions } from '#subscriptions/cards/create-cards';
import type { Order } from '#subscriptions/cards/orders';
import { type Plan, type PricedOffer, periodOfInterval } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import { AttestedConsent, toConsent } from './attested-consent.ts';
import { readNumber, text } from './http-shapes.ts';

const PayConsent = {
  ...AttestedConsent,
  description: 'You attest it. Without it, it is given on our page before anything is charged.',
};

const PayBody = Type.Object({
  plan: text(100),
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  msisdn: MsisdnText,
  user: Type.Optional(text(200, 'your own key of the customer')),
  email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
  coupon: Type.Optional(text(40)),
  consent: Type.Optional(PayConsent),
  return_url: Type.String({ maxLength: 2000, pattern: '^https?://[^\\s]+$' }),
  locale: Type.Optional(Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$' })),
  gateway: Type.Optional(text(60)),
});

const PayAnswer = Type.Object({
  subscription: Type.Optional(
    Type.String({ description: 'sub_…; absent until the consent is given on the page' }),
  ),
  payment: Type.Optional(Type.String({ description: 'pay_…' })),
  page: Type.String({ description: 'our page, for 23 hours. Nothing in it changes the price' }),
  amount_minor: Type.Optional(AmountMinor),
  currency: Type.Optional(CurrencyCode),
  /** What the page shows, for a merchant who shows it himself. */
  gateway: Type.Optional(Type.String()),
  presentation: Type.Optional(
    Type.Object({}, { additionalProperties: true, description: 'how the browser is led to pay' }),
  ),
});

export interface PayRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly plans: () => readonly NumberPlan[];
}

/** `POST /v1/pay`. */
export function registerPayRoutes(app: HttpApp, { cards, plans }: PayRoutesOptions): void {
  idempotentRoute(app, {
    ...{ url: '/v1/pay', scope: 'payments:write', tag: 'payments', status: 201 },
    summary: 'Begin a subscription that is paid by card',
    description:
      'With a consent that you attest the subscription is there, and waits for its first payment for 23 hours. Without one the ' +
      'page asks for it, and then for the payment. Who is subscribed already is told so (409), and nothing is begun.',
    schema: { body: PayBody, response: PayAnswer },
    handler: async ({ body, tx }) => {
      const plan = await cards.plan(body.plan);
      if (!plan) throw fail('plan_unknown', `There is no plan ${body.plan} paid by card.`);
      const order = toOrder(body, plan, plans());
      if (!body.consent) return { page: cards.pageUrl(cards.orderPage(order, body.return_url)) };
      const started = await cards.start(tx, {
        order,
        consent: toConsent(body.consent, offerOf(plan)),
      });
      const { payment, subscription } = started;
      const page = { page: 'payment', subscription, payment, returnUrl: body.return_url } as const;
      const amount = { amount_minor: started.amountMinor, currency: started.currency };
      return { subscription, payment, page: cards.pageUrl(page), ...amount };
    },
    complete: async (answer, { body }) => {
      if (answer.payment === undefined) return answer;
      const browser = {
        ...{ ipAddress: body.consent?.ip ?? '', returnUrl: body.return_url },
        locale: body.locale ?? 'ru',
      };
      return { ...answer, ...(await leadOrWait(cards, answer.payment, browser)) };
    },
  });
}

/** A gateway that is away now, or a page that was paid meanwhile, spoils no answer: the page says it. */
async function leadOrWait(
  cards: CardSubscriptions,
  payment: string,
  browser: Parameters<CardSubscriptions['lead']>[1],
) {
  try {
    const { gateway, presentation } = await cards.lead(payment, browser);
    return { gateway, presentation };
  } catch (error) {
    if (error instanceof AppError) return {};
    throw error;
  }
}

function toOrder(body: Static<typeof PayBody>, plan: Plan, plans: readonly NumberPlan[]): Order {
  return {
    ...{ plan: plan.code, version: plan.price.version, quantity: body.quantity ?? 1 },
    ...{ msisdn: readNumber(body.msisdn, plans), user: body.user, email: body.email },
    ...{ coupon: body.coupon, locale: body.locale ?? 'ru', gateway: body.gateway },
  };
}

function offerOf({ price, title }: Plan): PricedOffer {
  const { currency, interval, unitPriceMinor: priceMinor } = price;
  return { title, priceMinor, currency, period: periodOfInterval(interval) };
}
