import { AppError } from '#errors';
import { apiRoute, type HttpApp, sendPage, Type } from '#http';
import { formatDecimal } from '#money';
import { type Payments, paymentId } from '#payments';
import { billReference } from '#subscriptions/subscription';
import { findPayer } from './customer-store.ts';
import { fail } from './errors.ts';
import type { PayPageOptions } from './look.ts';
import { renderUnknownPayment } from './result-page.ts';

export interface OriginalOptions extends PayPageOptions {
  readonly payments: Pick<Payments, 'of' | 'report'>;
  /** Where people reach us, without a slash at the end. */
  readonly publicUrl: string;
}

const PAGE = { config: { page: true } } as const;
const PACKED_MOST = 1024;

/** What the original put into its address, as far as it matters. Nothing of it is believed. */
interface Packed {
  readonly subscriptionId: string;
  readonly userId: string;
  readonly price: string;
  readonly currency: string;
}

interface OfPacked {
  readonly Params: { readonly packed: string };
}

/**
 * The routes of the original that this one replaces. `GET /api/v1/pay/{…}` leads to the page of a payment that is there and is
 * exactly what the address says; its price is only compared. The three that anybody could call name what to call instead.
 */
export function registerOriginalRoutes(app: HttpApp, options: OriginalOptions): void {
  app.get<OfPacked>('/api/v1/pay/:packed', PAGE, async (request, reply) => {
    const packed = unpack(request.params.packed);
    const url = packed && (await pageOf(options, packed));
    if (url === undefined)
      return sendPage(reply, renderUnknownPayment(options.locales.read(request)), 404);
    return reply.redirect(new URL(url).pathname, 303);
  });
  for (const { instead, scope, url, why } of REPLACED) {
    apiRoute(app, {
      ...{ method: 'POST', url, scope, tag: 'original', status: 200 },
      summary: `Replaced by ${instead}`,
      description: `${why} It changes nothing and names what to call instead.`,
      schema: {
        body: Type.Record(Type.String(), Type.Unknown()),
        response: Type.Object({}),
      },
      handler: async () => {
        throw fail('route_replaced', `${why} Call ${instead}. Nothing was changed.`, {
          details: { instead },
        });
      },
    });
  }
}

const REPLACED = [
  {
    ...{ url: '/api/v1/paid', scope: 'payments:write', instead: 'GET /v1/payments/{id}' },
    why: 'What a browser says of a payment proves nothing: its gateway tells it to us.',
  },
  {
    ...{ url: '/api/v1/cancel', scope: 'subscriptions:write' },
    instead: 'POST /v1/subscriptions/{id}/cancel',
    why: 'An end is now or with the period, with a refund or without: the body has to say it.',
  },
  {
    ...{ url: '/api/v1/repay', scope: 'subscriptions:write' },
    instead: 'POST /v1/subscriptions/{id}/repay',
    why: 'What is owed is charged again by its subscription, once for each Idempotency-Key.',
  },
] as const;

/** Undefined for what can't be read: to whoever asks it is as little there as a payment that does not match. */
function unpack(text: string): Packed | undefined {
  if (text.length > PACKED_MOST) return undefined;
  try {
    const read = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    const { currency, price, subscription_id: subscriptionId, user_id: userId } = read;
    if (typeof subscriptionId !== 'string' || typeof currency !== 'string') return undefined;
    if (typeof userId !== 'string' && typeof userId !== 'number') return undefined;
    if (typeof price !== 'string' && typeof price !== 'number') return undefined;
    return { subscriptionId, currency, userId: String(userId), price: String(price) };
  } catch {
    return undefined;
  }
}

/** Of the first payment of that subscription, while it waits, where user, amount and currency are what it asks for. */
async function pageOf(
  { cards, database, payments, publicUrl }: OriginalOptions,
  packed: Packed,
): Promise<string | undefined> {
  const one = await findCase({ cards, database }, packed.subscriptionId);
  if (one?.status !== 'pending' || !one.bill) return undefined;
  const payer = await findPayer(database.pool, one.key.customerId);
  if (!payer?.names.includes(packed.userId)) return undefined;
  const reference = billReference(one.key, one.bill.number);
  const open = (await payments.of(one.key.customerId, [reference])).find(
    ({ state }) => state === 'presented',
  );
  if (!open) return undefined;
  const { amount_minor: amountMinor, currency } = open;
  const amount = Number(formatDecimal({ amountMinor, currency }));
  if (packed.currency !== currency || Number(packed.price) !== amount) return undefined;
  const payment = paymentId(one.key.customerId, open.id);
  const page = { page: 'payment', subscription: packed.subscriptionId, payment } as const;
  return cards.pageUrl({ ...page, returnUrl: `${publicUrl}/me` });
}

async function findCase(
  { cards, database }: Pick<PayPageOptions, 'cards' | 'database'>,
  subscription: string,
) {
  try {
    return await cards.find(database.pool, subscription);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
