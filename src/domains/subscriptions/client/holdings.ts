import type { Database } from '#database';
import { AppError } from '#errors';
import { type PaymentFacts, type Payments, parsePaymentId, type SavedCardView } from '#payments';
import type { CardCase, CardSubscriptions, Plan } from '#subscriptions/cards';
import { parseSubscriptionId, type SubscriptionKey } from '#subscriptions/subscription';
import { fail } from './errors.ts';
import type { PhoneView } from './phone-view.ts';
import type { Session } from './sessions.ts';
import { findCustomer } from './store.ts';

/** A subscription of the person who looks. */
export type Holding =
  | {
      readonly by: 'card';
      readonly view: PhoneView;
      readonly one: CardCase;
      readonly plan: Plan | undefined;
    }
  | {
      readonly by: 'phone';
      readonly view: PhoneView;
      /** Absent where no card can pay for it. */
      readonly plan: Plan | undefined;
    };

export interface HoldingsOptions {
  readonly database: Database;
  readonly cards: CardSubscriptions;
  readonly payments: Pick<Payments, 'history' | 'report'>;
  readonly subscriptions: {
    find(subscription: string): Promise<PhoneView | undefined>;
    of(
      msisdn: string,
      page: { readonly before: bigint | null; readonly limit: number },
    ): Promise<readonly PhoneView[]>;
  };
}

/** What belongs to whoever is signed in, and nothing else: all that is another's is not there. */
export interface Holdings {
  /** The newest first; what has ended last. */
  all(session: Session): Promise<readonly Holding[]>;
  /** Throws `not_yours`. */
  one(session: Session, subscription: string): Promise<Holding>;
  /** Throws `not_yours` also for one that an operator charges. */
  byCard(session: Session, subscription: string): Promise<Extract<Holding, { by: 'card' }>>;
  payments(
    session: Session,
    before: string | undefined,
  ): Promise<{
    readonly payments: readonly PaymentFacts[];
    /** Of the page after this one. */
    readonly next: string | undefined;
  }>;
  payment(session: Session, payment: string): ReturnType<Payments['report']>;
  cards(session: Session): Promise<readonly SavedCardView[]>;
}

const SHOWN_MOST = 50;
const PAYMENTS_PER_PAGE = 30;

export function createHoldings(options: HoldingsOptions): Holdings {
  const { cards, database, payments, subscriptions } = options;
  const customerOf = (session: Session) => findCustomer(database.pool, session.msisdn);

  async function holdingOf(view: PhoneView): Promise<Holding> {
    const one =
      view.operator === 'card' ? await cards.find(database.pool, view.subscription) : undefined;
    const plan = await cards.plan(view.serviceCode);
    return one ? { by: 'card', view, one, plan } : { by: 'phone', view, plan };
  }

  async function one(session: Session, subscription: string): Promise<Holding> {
    const customerId = await customerOf(session);
    const key = readKey(() => parseSubscriptionId(subscription));
    if (!key || customerId === undefined || key.customerId !== customerId)
      throw notYours('subscription');
    const view = await subscriptions.find(subscription);
    if (!view) throw notYours('subscription');
    return holdingOf(view);
  }

  return {
    one,
    async all({ msisdn }) {
      const views = await subscriptions.of(msisdn, { before: null, limit: SHOWN_MOST });
      const holdings = await Promise.all(views.map(holdingOf));
      const isOver = ({ view }: Holding) => (view.alive ? 0 : 1);
      return holdings.toSorted((left, right) => isOver(left) - isOver(right));
    },
    async byCard(session, subscription) {
      const holding = await one(session, subscription);
      if (holding.by !== 'card') throw notYours('subscription by card');
      return holding;
    },
    async payments(session, from) {
      const customerId = await customerOf(session);
      if (customerId === undefined) return { payments: [], next: undefined };
      const before = from === undefined ? undefined : readKey(() => parsePaymentId(from));
      const page = { customerId, before: before?.id ?? null, limit: PAYMENTS_PER_PAGE + 1 };
      const found = await payments.history(database.pool, page);
      const shown = found.slice(0, PAYMENTS_PER_PAGE);
      return {
        payments: shown,
        next: found.length > shown.length ? shown.at(-1)?.payment : undefined,
      };
    },
    async payment(session, payment) {
      const key = readKey(() => parsePaymentId(payment));
      if (!key || key.customerId !== (await customerOf(session))) throw notYours('payment');
      try {
        return await payments.report(database.pool, payment);
      } catch (error) {
        if (error instanceof AppError && error.code === 'payment_unknown')
          throw notYours('payment');
        throw error;
      }
    },
    async cards(session) {
      if ((await customerOf(session)) === undefined) return [];
      return cards.cards(database.pool, session.msisdn);
    },
  };
}

/** Undefined for what is no id at all: to the person who looks it is as little there as another's. */
function readKey(read: () => SubscriptionKey): SubscriptionKey | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function notYours(what: string) {
  return fail(
    'not_yours',
    `You have no such ${what}. It may be under another phone number of yours.`,
  );
}
