import type { Tx } from '#database';
import { AppError, must } from '#errors';
import type { ChargeRequest } from '#payments';
import { allocationNow, billOf, offerOf } from '#subscriptions/cards/billing';
import type { CardBill, CardCase } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import { createWork, insertCardBills, insertCases, nextDueAt } from '#subscriptions/cards/cases';
import type { Quote } from '#subscriptions/pricing';
import { CARD } from '#subscriptions/sms-route';
import { billReference, FIRST_PAYMENT_HOURS, subscriptionId } from '#subscriptions/subscription';
import { askedMinor } from './first-quote.ts';
import type { Candidate, Started } from './order.ts';

const HOUR_MS = 3_600_000;
/** A first charge that its gateway did not take within this time is dropped: who asked for it is told. */
const CHARGE_VALID_MS = HOUR_MS;
/** 2: a fresh consent goes out before all others. */
const FRESH = 2;

export interface Agreed extends Candidate {
  readonly consentId: bigint;
  readonly quote: Quote;
}

/** Drawn, and not yet paid for by anything. */
interface Drawn extends Agreed {
  readonly one: CardCase;
  readonly bill: CardBill;
  readonly expiresAt: Date;
  /** What every way of paying is asked for. */
  readonly wanted: Omit<ChargeRequest, 'gateway' | 'priority' | 'cardId'>;
}

/** Writes subscriptions down, each with its first bill and the payment of it. Answers by place; `no_gateway` for who can't pay. */
export async function openCases(
  context: CardContext,
  tx: Tx,
  agreed: readonly Agreed[],
): Promise<ReadonlyMap<number, Started | AppError>> {
  if (agreed.length === 0) return new Map();
  const now = context.clock.now();
  const allocationOf = await allocationNow(context);
  const drawn = agreed.map((one) => draw(one, { now, ...allocationOf(one.plan.code) }));
  const payments = await askForMoney(context, tx, drawn);
  const results = new Map<number, Started | AppError>();
  const opened = drawn.flatMap((one) => {
    const payment = payments.get(one.place);
    must(payment, 'each was asked for its money');
    if (payment instanceof AppError) {
      results.set(one.place, payment);
      return [];
    }
    const { expiresAt, key, order, wanted } = one;
    const { amountMinor, currency } = wanted;
    results.set(one.place, {
      ...{ subscription: subscriptionId(key), payment, amountMinor, currency, expiresAt },
    });
    return [
      {
        ...one,
        bill: { ...one.bill, isUnderWay: true, pagePayment: order.charge ? null : payment },
      },
    ];
  });
  await insertCases(tx, opened, CARD);
  await insertCardBills(
    tx,
    opened.map(({ bill, key, quote }) => ({ subscription: key, bill, lines: quote.lines })),
  );
  const planOf = new Map(opened.map(({ plan }) => [plan.code, plan]));
  const work = createWork(context, {
    now,
    planOf: ({ plan: code }) => {
      const plan = planOf.get(code);
      must(plan, `the plan ${code} was ordered`);
      return plan;
    },
  });
  for (const { bill, one, plan } of opened) work.tell.event(one, plan, { event: 'created', bill });
  await work.write(tx);
  return results;
}

function draw(
  agreed: Agreed,
  { now, ...allocation }: { readonly now: Date; readonly allocation?: bigint },
): Drawn {
  const { key, order, plan, quote: first } = agreed;
  must(first.after, 'a start leads to a subscription');
  const bill = billOf(first, {
    kind: 'start',
    number: 0,
    now,
    title: plan.title,
    locale: order.locale,
  });
  const fresh: CardCase = {
    ...{ key, msisdn: order.msisdn, email: order.email ?? null, locale: order.locale },
    ...{ serviceId: plan.serviceId, version: plan.price.version, status: 'pending' },
    ...{ createdAt: now, paidUntil: null, dueAt: null, endedAt: null, endReason: null },
    ...{ priced: first.after, card: null, cardPayment: null, billCount: 1, noticedPeriod: null },
    ...{ statusSince: now, pausedUntil: null, attention: null, move: null, bill, asRead: null },
  };
  const one = { ...fresh, dueAt: nextDueAt(fresh, plan) };
  const validMs = order.charge ? CHARGE_VALID_MS : FIRST_PAYMENT_HOURS * HOUR_MS;
  const expiresAt = new Date(now.getTime() + validMs);
  const wanted = {
    ...{ customerId: key.customerId, msisdn: order.msisdn, currency: first.currency },
    amountMinor: askedMinor(first.dueMinor),
    ...{ reference: billReference(key, 0), notAfter: expiresAt },
    offer: offerOf(one, bill, plan.title),
    ...(first.dueMinor > 0n ? allocation : {}),
  };
  return { ...agreed, one, bill, expiresAt, wanted };
}

type Asked = ReadonlyMap<number, string | AppError>;

/** Pages for those who pay on one, charges for the others. */
async function askForMoney(context: CardContext, tx: Tx, drawn: readonly Drawn[]): Promise<Asked> {
  const { payments } = context;
  const charged = drawn.filter(({ order }) => order.charge);
  const ids = await payments.request(
    tx,
    charged.map(({ order, wanted }) => {
      must(order.gateway, 'what is charged at once names its gateway');
      const cardId = order.charge?.cardId;
      return {
        ...{ ...wanted, gateway: order.gateway, priority: FRESH },
        ...(cardId === undefined ? {} : { cardId }),
      };
    }),
  );
  const shown = drawn.filter(({ order }) => !order.charge);
  const pages = await prepareEach(context, tx, shown);
  return new Map([
    ...charged.map(({ place }, at) => [place, ids[at] ?? ''] as const),
    ...shown.map(({ place }, at) => [place, pages[at] ?? ''] as const),
  ]);
}

/** All in one statement; where one of them has no gateway, one after the other, so that it fails alone. */
async function prepareEach(
  { payments }: CardContext,
  tx: Tx,
  shown: readonly Drawn[],
): Promise<readonly (string | AppError)[]> {
  const prepare = (some: readonly Drawn[]) =>
    payments.cards.prepare(
      tx,
      some.map(({ order, wanted }) => ({
        ...wanted,
        offer: { ...wanted.offer, description: wanted.offer?.description ?? '', saveCard: true },
        ...(order.gateway === undefined ? {} : { gateway: order.gateway }),
      })),
    );
  try {
    return await prepare(shown);
  } catch (error) {
    if (!isNoGateway(error)) throw error;
    if (shown.length === 1) return [error];
  }
  const each: (string | AppError)[] = [];
  for (const one of shown) {
    try {
      each.push(...(await prepare([one])));
    } catch (error) {
      if (!isNoGateway(error)) throw error;
      each.push(error);
    }
  }
  return each;
}

/** Thrown before anything was written. */
function isNoGateway(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'no_gateway';
}
