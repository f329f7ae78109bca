import type { Sealer } from '#auth';
import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { AppError, must } from '#errors';
import type { IdSource } from '#ids';
import type { CardGateway, Presentation, PresentOrder } from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import { fail } from '#payments/errors';
import { offerFromRow } from '#payments/offer';
import { type Offer, parsePaymentId, paymentId } from '#payments/payment';
import {
  type CardPaymentRow,
  findCardPayment,
  insertPresented,
  keepPresentation,
} from '#payments/presented-store';
import { toEvent } from '#payments/publish-outcomes';
import { paymentEvents } from '#payments/topics';
import { accountOf } from './compare-facts.ts';
import { receiptOf } from './receipt-data.ts';
import { createReservations, type Reservations } from './request-operation.ts';
import { createSavedCards, type SavedCards } from './saved-cards.ts';

/** A payment that its payer is to make on a page. */
export interface PresentRequest {
  readonly customerId: bigint;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Opaque: at most one payment for it is open at a time. */
  readonly reference: string;
  readonly offer: Offer;
  /** The page ends then. */
  readonly notAfter: Date;
  readonly allocation?: bigint;
  /** This gateway and no other; otherwise the rules of routing choose. */
  readonly gateway?: string;
  /** Gateways that declined it for a fault of their own: others go first. */
  readonly failed?: readonly string[];
}

export interface Browser {
  readonly ipAddress: string;
  readonly returnUrl: string;
  readonly locale: string;
}

export interface Led {
  readonly gateway: string;
  readonly presentation: Presentation;
}

export interface CardPayments
  extends Omit<SavedCards, 'keep' | 'remove' | 'tokensOf'>,
    Reservations {
  /**
   * It is never charged again, and what was planned on it ends in this transaction; what is under way is told by its
   * response. Removed again, nothing happens. Throws `card_unknown`. Answers what the ended charges were for.
   */
  remove(
    tx: Tx,
    act: Parameters<SavedCards['remove']>[1],
  ): Promise<{ readonly withdrawn: readonly string[] }>;
  /** Writes presented payments down, in the caller's transaction. Answers `pay_…` of each, in order. Throws `no_gateway`. */
  prepare(tx: Tx, requests: readonly PresentRequest[]): Promise<readonly string[]>;
  /**
   * How the browser is led to pay; asked again, the same. Calls the gateway, so outside of transactions; where one can't be
   * reached the next that the routing allows is tried. Throws `payment_unknown`, `payment_not_open`, `gateway_unavailable`.
   */
  lead(payment: string, browser: Browser): Promise<Led>;
  /** Names of enabled accounts at card gateways. */
  gateways(): readonly string[];
  /** Whether a payer can pay there on a page; one that can't charges an account or a card that it knows. */
  showsPage(gateway: string): boolean;
}

export interface CardPaymentsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly sealer: Sealer;
  readonly cardGateways: CardGateways;
}

export function createCardPayments(options: CardPaymentsOptions): CardPayments {
  const { bus, cardGateways, clock, database, ids } = options;
  const { find, list, makeDefault, ...cards } = createSavedCards(options);

  async function openRow(payment: string): Promise<CardPaymentRow> {
    const row = await findCardPayment(database.pool, parsePaymentId(payment));
    if (row?.method !== 'card' || row.kind !== 'charge')
      throw fail('payment_unknown', `There is no payment ${payment} by card.`);
    if (row.state === 'presented' && row.not_after <= clock.now())
      throw fail('payment_not_open', `The time of ${payment} is over: begin another one.`);
    if (row.state !== 'presented')
      throw fail(
        'payment_not_open',
        `${payment} is ${row.state}: nothing is to be paid on its page.`,
        {
          details: { state: row.state },
        },
      );
    return row;
  }

  return {
    ...{ find, list, makeDefault, ...createReservations(options) },
    remove: (tx, act) => removeCard(options, tx, { act, remove: cards.remove }),
    gateways: cardGateways.names,
    showsPage(name) {
      const gateway = cardGateways.gateway(name);
      return gateway !== undefined && gateway.capabilities.present !== 'none';
    },
    async prepare(tx, requests) {
      if (requests.length === 0) return [];
      const now = clock.now();
      const payments = requests.map((request) => {
        const id = ids.next(now.getTime());
        const payment = paymentId(request.customerId, id);
        const [gateway] = gatewaysFor(cardGateways, { ...request, seed: payment });
        if (gateway === undefined) throw noGateway(request);
        return { ...request, id, payment, gateway };
      });
      await insertPresented(tx, { payments, now });
      await bus.publishAll(tx, [
        parcel(
          paymentEvents,
          payments.map((one) => ({
            key: one.customerId.toString(),
            payload: {
              ...{ event: 'presented', payment: one.payment, reference: one.reference },
              ...{ msisdn: one.msisdn, amount_minor: Number(one.amountMinor) },
              ...{ currency: one.currency, gateway: one.gateway, at: now.toISOString() },
            },
          })),
        ),
      ]);
      return payments.map(({ payment }) => payment);
    },
    async lead(payment, browser) {
      const row = await openRow(payment);
      if (row.presentation) return { gateway: row.gateway, presentation: row.presentation };
      const order = toPresentOrder(row, browser);
      const seed = { amountMinor: row.amount_minor, currency: row.currency, seed: payment };
      const names = new Set([row.gateway, ...gatewaysFor(cardGateways, seed)]);
      for (const name of names) {
        const gateway = cardGateways.gateway(name);
        const led = gateway && (await leadBy(cardGateways, gateway, order));
        if (!led) continue;
        const key = { customerId: row.customer_id, id: row.id };
        await keepPresentation(database.pool, { ...key, gateway: name, presentation: led });
        // Two tabs that asked at once: what was kept first holds for both.
        const kept = await openRow(payment);
        must(kept.presentation, 'a presentation was kept');
        return { gateway: kept.gateway, presentation: kept.presentation };
      }
      throw new AppError(
        'unavailable',
        'gateway_unavailable',
        'No gateway can show its page now. Try again in a minute.',
      );
    },
  };
}

/** What was planned on it is told of as whatever else ends. */
async function removeCard(
  { bus, clock }: CardPaymentsOptions,
  tx: Tx,
  {
    act,
    remove,
  }: {
    readonly act: Parameters<SavedCards['remove']>[1];
    readonly remove: SavedCards['remove'];
  },
) {
  const { ended, withdrawn } = await remove(tx, act);
  const at = clock.now().toISOString();
  const key = act.customerId.toString();
  const events = ended.map((row) => ({ key, payload: toEvent(row, row.gateway, at) }));
  await bus.publish(tx, paymentEvents, events);
  return { withdrawn };
}

/** Undefined where it can't be reached now: nothing was shown to anybody, so another may be asked. */
async function leadBy(
  cardGateways: CardGateways,
  gateway: CardGateway,
  order: PresentOrder,
): Promise<Presentation | undefined> {
  const { result } = await gateway.present(order);
  const isReached = result.outcome === 'presented' || result.outcome === 'declined';
  cardGateways.line(gateway.name).heard(isReached);
  return result.outcome === 'presented' ? result.presentation : undefined;
}

function gatewaysFor(
  cardGateways: CardGateways,
  asked: Pick<PresentRequest, 'amountMinor' | 'currency' | 'gateway' | 'failed'> & {
    readonly seed: string;
  },
): readonly string[] {
  if (asked.gateway !== undefined) return [asked.gateway];
  const { amountMinor, currency, failed, seed } = asked;
  return cardGateways.choose({ amountMinor, currency, failed, seed, method: 'present' });
}

function noGateway({ amountMinor, currency }: PresentRequest) {
  return fail(
    'no_gateway',
    `No card gateway takes ${amountMinor} minor units of ${currency} on a page: add one, or widen its routing.`,
  );
}

function toPresentOrder(row: CardPaymentRow, browser: Browser): PresentOrder {
  const offer = row.offer ? offerFromRow(row.offer) : { description: row.reference };
  const { amount_minor: amountMinor, msisdn, reference } = row;
  return {
    ...{ payment: paymentId(row.customer_id, row.id), account: accountOf(row.customer_id) },
    ...{ amountMinor, currency: row.currency, description: offer.description },
    ...{ twoStage: offer.twoStage ?? false, saveCard: offer.saveCard ?? false, ...browser },
    ...(offer.email !== undefined && { email: offer.email }),
    receipt: receiptOf({ amountMinor, msisdn, offer, reference }),
  };
}
