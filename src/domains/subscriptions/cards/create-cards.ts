import type { Executor, Tx } from '#database';
import type { AppError } from '#errors';
import { formatRowId, parseRowId } from '#ids';
import type { AttentionSource, Browser, Led, SavedCardView } from '#payments';
import { type DunningPolicy, defaultPolicy } from '#subscriptions/dunning';
import { fail } from '#subscriptions/errors';
import {
  type CancelRequest,
  type ChangeRequest,
  type Coupon,
  checkCoupon,
  type Quote,
  type QuoteInput,
  type QuoteResult,
  quote,
} from '#subscriptions/pricing';
import { parseSubscriptionId } from '#subscriptions/subscription';
import { type PaymentCommand, paymentCommands } from '#subscriptions/topics';
import { createSubscriptionAttention } from './attention.ts';
import type { CardCase } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import { findWaiting, readCases, SWITCH_WAITS_MS } from './cases/index.ts';
import { findCommand } from './command-store.ts';
import { createMoves, type Moves } from './moves/index.ts';
import {
  agreeToPage,
  askForPrice,
  askForSwitch,
  type CardPage,
  findCustomerId,
  type Order,
  type OrderPreview,
  openCardPage,
  type PayPage,
  type PriceAgreement,
  previewOrder,
  readPayToken,
  type StartConsent,
  type Started,
  type SwitchWish,
  startCase,
  startCases,
  writePayToken,
} from './orders/index.ts';
import { insertCoupon, type Plan, type Plans, pricedAhead } from './plans/index.ts';
import { withRefundable } from './refundable.ts';
import { makeDefaultCard, removeCard } from './saved-cards.ts';
import { previewSwitch, type SwitchPreview, type Wanted } from './switching/index.ts';
import { type CardSubscriptionWorker, createCardSubscriptionWorker } from './worker.ts';

/** `id`: the caller's own `cmd_…`, so that what is pressed twice is one; made where it is absent. */
export type GivenCommand = Omit<PaymentCommand, 'at' | 'id'> & { readonly id?: string };

/** A change or an end, before it is wanted. */
export type WantedQuote =
  | (Pick<ChangeRequest, 'kind' | 'timing'> & {
      readonly plan?: string;
      readonly quantity?: number;
    })
  | Pick<CancelRequest, 'kind' | 'timing' | 'unused'>;

/** Subscriptions that are paid by card. */
export interface CardSubscriptions {
  /** What is done about declines unless a plan says otherwise. */
  readonly defaultDunning: DunningPolicy;
  /** Plans on sale. */
  plans(): Promise<readonly Plan[]>;
  plan(code: string): Promise<Plan | undefined>;
  /** Adds a version of a plan; people keep the one they agreed to. Throws `price_invalid`, `plan_invalid`. */
  addPlan: Plans['add'];
  /** Throws `coupon_invalid`, `coupon_taken`. */
  addCoupon(tx: Tx, coupon: Coupon): Promise<void>;
  /** See `startCase`. */
  start(tx: Tx, input: { readonly order: Order; readonly consent: StartConsent }): Promise<Started>;
  /** Many at once, in sets: of each what was begun, or why it was not. */
  startAll(
    tx: Tx,
    inputs: readonly { readonly order: Order; readonly consent: StartConsent }[],
  ): Promise<readonly (Started | AppError)[]>;
  /** The address of a page on which the order is agreed to, or the payment made. */
  pageUrl(page: PayPage): string;
  /** What an order would cost now; nothing is written. See `previewOrder`. */
  preview(tx: Tx, order: Order): Promise<OrderPreview>;
  /** A page for an order whose consent is still to be given on it. */
  orderPage(order: Order, returnUrl: string): PayPage;
  readPage(token: string): PayPage;
  /** The person's yes on the page of an order: pressed again, the same subscription. Throws as `start` does. */
  agree(
    tx: Tx,
    page: Extract<PayPage, { page: 'order' }>,
    consent: StartConsent,
  ): Promise<Pick<Started, 'payment' | 'subscription'>>;
  /** How the browser is led to pay. Calls the gateway, so outside of transactions. */
  lead(payment: string, browser: Browser): Promise<Led>;
  /** Undefined for one that an operator charges. */
  find(executor: Executor, subscription: string): Promise<CardCase | undefined>;
  /** A number for a command that is still to be given. */
  commandId(): string;
  /** Hands a command to `state-machine`. Answers `cmd_…`. */
  command(tx: Tx, command: GivenCommand): Promise<string>;
  commandResult(subscription: string, command: string): ReturnType<typeof findCommand>;
  /** What a change or an end would cost now. Throws `not_by_card`, `plan_unknown`. */
  quote(tx: Tx, subscription: string, wanted: WantedQuote): Promise<QuoteResult>;
  /** A page for another card; of one that a phone pays, for the card that its switch waits for. Throws as `openCardPage` does. */
  cardPage(tx: Tx, subscription: string): Promise<CardPage>;
  /** What paying the other way would come to. Throws `subscription_unknown`. */
  previewSwitch(tx: Tx, subscription: string, wanted: Wanted): Promise<SwitchPreview>;
  /** Until when a switch waits for its card; undefined where none does. */
  switchWaits(executor: Executor, subscription: string): Promise<Date | undefined>;
  /** Writes the yes down and hands the switch to `state-machine`. Answers `cmd_…`. */
  switchWay(tx: Tx, wanted: SwitchWish): Promise<string>;
  /** The new yes that a told price needs. Answers `cmd_…`. */
  agreeToPrice(tx: Tx, wanted: PriceAgreement): Promise<string>;
  /** Of people onto newer versions of what they agreed to. */
  readonly moves: Moves;
  /** Throws `customer_unknown`. */
  cards(executor: Executor, msisdn: string): Promise<readonly SavedCardView[]>;
  makeDefaultCard(tx: Tx, act: CardAct): Promise<void>;
  removeCard(
    tx: Tx,
    act: CardAct & { readonly reason: string },
  ): Promise<{ readonly withdrawn: readonly string[] }>;
  worker(): CardSubscriptionWorker;
  /** What of them waits for people. */
  readonly attention: AttentionSource;
}

export interface CardAct {
  readonly msisdn: string;
  readonly card: string;
  /** Who does it: it is kept. */
  readonly actor: string;
}

export function createCards(context: CardContext): CardSubscriptions {
  const { bus, clock, ids, payments, plans, publicUrl, sealer } = context;
  const nextId = () => ids.next(clock.nowMs());

  async function customerOf(executor: Executor, msisdn: string): Promise<bigint> {
    const customerId = await findCustomerId(executor, msisdn);
    if (customerId === undefined)
      throw fail('customer_unknown', `Nobody with the number ${msisdn} is a customer.`);
    return customerId;
  }

  return {
    defaultDunning: defaultPolicy,
    plans: plans.all,
    plan: plans.newest,
    addPlan: plans.add,
    async addCoupon(tx, coupon) {
      checkCoupon(coupon);
      if (!(await insertCoupon(tx, coupon, clock.now())))
        throw fail('coupon_taken', `There is a coupon ${coupon.code} already: it never changes.`);
    },
    start: (tx, { consent, order }) => startCase(context, tx, { id: nextId(), order, consent }),
    startAll: (tx, inputs) =>
      startCases(
        context,
        tx,
        inputs.map((input) => ({ ...input, id: nextId() })),
      ),
    pageUrl: (page) => `${publicUrl}/pay/${writePayToken(sealer, page, clock.now())}`,
    preview: (tx, order) => previewOrder(context, tx, order),
    orderPage: (order, returnUrl) => {
      const id = formatRowId('ord', nextId());
      return { page: 'order', id, order, returnUrl };
    },
    readPage: (token) => readPayToken(sealer, token, clock.now()),
    agree: (tx, page, consent) => agreeToPage(context, tx, { page, consent }),
    lead: payments.cards.lead,
    find: async (executor, subscription) =>
      (await readCases(executor, [parseSubscriptionId(subscription)]))[0],
    commandId: () => formatRowId('cmd', nextId()),
    async command(tx, command) {
      const { id = formatRowId('cmd', nextId()) } = command;
      const payload = { ...command, id, at: clock.now().toISOString() };
      await bus.publish(tx, paymentCommands, [{ key: command.subscription, payload }]);
      return id;
    },
    commandResult: (subscription, command) =>
      findCommand(context.database.pool, {
        key: parseSubscriptionId(subscription),
        id: parseRowId('cmd', command, 'command'),
      }),
    quote: (tx, subscription, wanted) => quoteWanted(context, tx, { subscription, wanted }),
    cardPage: (tx, subscription) => openCardPage(context, tx, subscription),
    previewSwitch: (tx, subscription, wanted) =>
      previewSwitch(context, tx, { subscription, wanted }),
    switchWaits: async (executor, subscription) => {
      const waiting = await findWaiting(executor, parseSubscriptionId(subscription));
      const until = waiting && Date.parse(waiting.command.at) + SWITCH_WAITS_MS;
      return until !== undefined && until > clock.nowMs() ? new Date(until) : undefined;
    },
    switchWay: (tx, wish) => askForSwitch(context, tx, wish),
    agreeToPrice: (tx, agreement) => askForPrice(context, tx, agreement),
    moves: createMoves(context),
    cards: async (executor, msisdn) =>
      payments.cards.list(executor, await customerOf(executor, msisdn)),
    makeDefaultCard: async (tx, { msisdn, ...act }) =>
      makeDefaultCard(context, tx, { ...act, customerId: await customerOf(tx, msisdn) }),
    removeCard: async (tx, { msisdn, ...act }) =>
      removeCard(context, tx, { ...act, customerId: await customerOf(tx, msisdn) }),
    worker: () => createCardSubscriptionWorker(context),
    attention: createSubscriptionAttention(context),
  };
}

async function quoteWanted(
  context: CardContext,
  tx: Tx,
  { subscription, wanted }: { readonly subscription: string; readonly wanted: WantedQuote },
): Promise<QuoteResult> {
  const found = await readCases(tx, [parseSubscriptionId(subscription)]);
  const [one] = await withRefundable(context, tx, found);
  if (!one) throw fail('not_by_card', `${subscription} is not paid by card.`);
  const { price } = one.priced.selection;
  const plan = (await context.plans.versions(tx, [price]))(price);
  const about = { at: context.clock.now(), precision: plan.precision };
  const priced = one.priced;
  if (wanted.kind === 'cancel')
    return withMove(one, { ...about, request: { ...wanted, subscription: priced } });
  const target = wanted.plan === undefined ? { price } : await context.plans.newest(wanted.plan);
  if (!target) throw fail('plan_unknown', `There is no plan ${wanted.plan} that is paid by card.`);
  const { quantity = one.priced.selection.quantity, timing } = wanted;
  return withMove(one, {
    ...about,
    request: {
      ...{ kind: 'change', subscription: priced, to: { price: target.price, quantity } },
      ...(timing === undefined ? {} : { timing }),
    },
  });
}

/** What comes next is told with the move that is planned, so that nobody is charged more than he was shown. */
function withMove({ move }: CardCase, input: QuoteInput): QuoteResult {
  const result = quote(input);
  if (result.outcome === 'refused' || !result.quote.after || !move) return result;
  const subscription = pricedAhead({ move, priced: result.quote.after });
  const ahead = quote({ ...input, request: { kind: 'renewal', subscription } });
  const next = ahead.outcome === 'refused' ? undefined : nextOf(ahead.quote);
  return { outcome: 'quoted', quote: { ...result.quote, next } };
}

function nextOf({ after, dueMinor, takesEffectAt: at, totalMinor }: Quote): Quote['next'] {
  return after && { at, period: after.period.number, amountMinor: totalMinor, dueMinor };
}
