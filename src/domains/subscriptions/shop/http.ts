import type { Clock } from '#clock';
import { AppError } from '#errors';
import { createRateLimiter, type HttpApp, sendPage } from '#http';
import type { Operators } from '#operators';
import { readAnyMsisdn } from '#phone';
import type { CardSubscriptions, Order, Plan } from '#subscriptions/cards';
import { fail } from './errors.ts';
import { renderBuyer, renderShelf } from './pages.ts';

export interface ShopOptions {
  readonly cards: CardSubscriptions;
  readonly operators: Operators;
  readonly clock: Clock;
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
}

const PAGE = { config: { page: true } } as const;
const FORMS_PER_MINUTE = 30;
const LOCALE = 'en';
const EMAIL = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}$/;
const NUMBER_MOST = 40;

interface OfPlan {
  readonly Params: { readonly plan: string };
  readonly Body: Readonly<Record<string, string>> | undefined;
}

/** `/shop`: the shop of a demonstration. Plans, then the page that takes the payment; a shop of your own does the same over the API. */
export function registerShop(app: HttpApp, options: ShopOptions): void {
  const { cards, operators, publicUrl } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });

  app.get('/shop', PAGE, async (_request, reply) => {
    const plans = (await cards.plans()).filter(({ open }) => open);
    return sendPage(reply, renderShelf(plans));
  });

  app.get<OfPlan>('/shop/:plan', PAGE, async (request, reply) =>
    sendPage(reply, renderBuyer({ plan: await planOf(cards, request.params.plan) })),
  );

  app.post<OfPlan>('/shop/:plan', PAGE, async (request, reply) => {
    forms.take(request.ip);
    const plan = await planOf(cards, request.params.plan);
    const { email = '', number = '' } = request.body ?? {};
    const read = readBuyer({ email: email.trim(), number }, operators);
    if ('faults' in read) {
      const typed = { email, number };
      return sendPage(reply, renderBuyer({ plan, typed, faults: read.faults }), 422);
    }
    const order: Order = {
      ...{ plan: plan.code, version: plan.price.version, quantity: 1, locale: LOCALE },
      ...{ msisdn: read.msisdn, email: read.email },
    };
    const page = cards.orderPage(order, `${publicUrl}/shop`);
    return reply.redirect(new URL(cards.pageUrl(page)).pathname, 303);
  });
}

export interface BuyerFaults {
  readonly number?: string;
  readonly email?: string;
}

function readBuyer(
  typed: { readonly number: string; readonly email: string },
  operators: Operators,
):
  | { readonly msisdn: string; readonly email: string | undefined }
  | { readonly faults: BuyerFaults } {
  const email =
    typed.email === '' || EMAIL.test(typed.email) ? undefined : 'This is not an e-mail address.';
  const plans = operators.all().map(({ plan }) => plan);
  try {
    const msisdn = readAnyMsisdn(typed.number.slice(0, NUMBER_MOST), plans);
    return email === undefined
      ? { msisdn, email: typed.email || undefined }
      : { faults: { email } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { faults: { number: error.message, ...(email === undefined ? {} : { email }) } };
  }
}

async function planOf(cards: CardSubscriptions, code: string): Promise<Plan> {
  const plan = await cards.plan(code);
  if (plan?.open) return plan;
  throw fail('shop_plan_unknown', 'There is no such plan in this shop now.');
}
