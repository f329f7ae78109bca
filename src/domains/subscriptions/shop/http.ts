import type { Clock } from '#clock';
import { AppError } from '#errors';
import { createRateLimiter, type HttpApp, sendPage } from '#http';
import type { Operators } from '#operators';
import { readAnyMsisdn } from '#phone';
import type { CardSubscriptions, Order, Plan } from '#subscriptions/cards';
import { type LocaleChoice, NUMBER_EXAMPLE, type Speech } from '#subscriptions/speech';
import { fail } from './errors.ts';
import { type BuyerFaults, renderBuyer, renderShelf } from './pages.ts';

export interface ShopOptions {
  readonly cards: CardSubscriptions;
  readonly operators: Operators;
  readonly clock: Clock;
  readonly locales: LocaleChoice;
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
}

const PAGE = { config: { page: true } } as const;
const FORMS_PER_MINUTE = 30;
const EMAIL = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}$/;
const NUMBER_MOST = 40;

interface OfPlan {
  readonly Params: { readonly plan: string };
  readonly Body: Readonly<Record<string, string>> | undefined;
}

/** `/shop`: the shop of a demonstration. Plans, then the page that takes the payment; a shop of your own does the same over the API. */
export function registerShop(app: HttpApp, options: ShopOptions): void {
  const { cards, locales, operators, publicUrl } = options;
  const forms = createRateLimiter({ perMinute: FORMS_PER_MINUTE });

  app.get('/shop', PAGE, async (request, reply) => {
    const plans = (await cards.plans()).filter(({ open }) => open);
    return sendPage(reply, renderShelf(locales.read(request), plans));
  });

  app.get<OfPlan>('/shop/:plan', PAGE, async (request, reply) => {
    const plan = await planOf(cards, request.params.plan);
    return sendPage(reply, renderBuyer(locales.read(request), { plan }));
  });

  app.post<OfPlan>('/shop/:plan', PAGE, async (request, reply) => {
    forms.take(request.ip);
    const plan = await planOf(cards, request.params.plan);
    const reader = locales.read(request);
    const { email = '', number = '' } = request.body ?? {};
    const read = readBuyer({ email: email.trim(), number }, { operators, speech: reader.speech });
    if ('faults' in read) {
      const typed = { email, number };
      return sendPage(reply, renderBuyer(reader, { plan, typed, faults: read.faults }), 422);
    }
    const order: Order = {
      ...{ plan: plan.code, version: plan.price.version, quantity: 1 },
      locale: reader.speech.locale,
      ...{ msisdn: read.msisdn, email: read.email },
    };
    const page = cards.orderPage(order, `${publicUrl}/shop`);
    return reply.redirect(new URL(cards.pageUrl(page)).pathname, 303);
  });
}

function readBuyer(
  typed: { readonly number: string; readonly email: string },
  { operators, speech }: { readonly operators: Operators; readonly speech: Speech },
):
  | { readonly msisdn: string; readonly email: string | undefined }
  | { readonly faults: BuyerFaults } {
  const email =
    typed.email === '' || EMAIL.test(typed.email) ? undefined : speech.say('shop.email_refused');
  const plans = operators.all().map(({ plan }) => plan);
  try {
    const msisdn = readAnyMsisdn(typed.number.slice(0, NUMBER_MOST), plans);
    return email === undefined
      ? { msisdn, email: typed.email || undefined }
      : { faults: { email } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const number = speech.say('sign_in.number_refused', { example: NUMBER_EXAMPLE });
    return { faults: { number, ...(email === undefined ? {} : { email }) } };
  }
}

async function planOf(cards: CardSubscriptions, code: string): Promise<Plan> {
  const plan = await cards.plan(code);
  if (plan?.open) return plan;
  throw fail('shop_plan_unknown', 'There is no such plan in this shop now.');
}
