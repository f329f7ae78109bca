import type { Tx } from '#database';
import { AppError, must } from '#errors';
import { parsePaymentId } from '#payments';
import type { Began, Refused, RequestRow } from '#payments/intake';
import type { Order, StartConsent } from '#subscriptions/cards';
import { lockCustomersByMsisdn } from '#subscriptions/consent-store';
import type { Details } from './asked.ts';
import { fail } from './errors.ts';
import type { IntakeContext } from './intake-context.ts';
import { routeRequest } from './route-request.ts';

interface Sending {
  readonly began: Began[];
  readonly refused: Refused[];
  readonly subscribed: Refused[];
}

/** He has what he asks for: his request is a duplicate of what was taken before, not an error. */
const SUBSCRIBED = 'already_subscribed';

/**
 * One turn of processor: takes users with new requests, sends the latest of each on to its gateway, and marks what was before it
 * `duplicated`, all in one transaction. Nothing is called: payments wait for their gateways' workers. Answers how many users there were.
 */
export async function sendRequests(
  context: IntakeContext,
  tx: Tx,
  input: {
    readonly most: number;
    /** Of these users only. */
    readonly among?: readonly string[] | undefined;
    /** Hears whose requests are in hand, also where the rest fails. */
    readonly held?: (users: readonly string[]) => void;
  },
): Promise<{ readonly users: readonly string[]; readonly sent: number }> {
  const { clock, requests } = context;
  const now = clock.now();
  const held = await requests.holdUsers(tx, input);
  const users = held.map((one) => one.user_key);
  input.held?.(users);
  if (users.length === 0) return { users, sent: 0 };
  // Customers before what they have: the order in which everybody locks.
  await lockCustomersByMsisdn(
    tx,
    held.flatMap((one) => one.msisdns),
    now,
  );
  const latest = await requests.takeLatest(tx, { users, now });
  const sending: Sending = { began: [], refused: [], subscribed: [] };
  await startPayments(context, tx, {
    rows: latest.filter(({ kind }) => kind === 'payment'),
    sending,
  });
  for (const row of latest.filter(({ kind }) => kind === 'refund'))
    await startRefund(context, tx, { row, sending });
  await requests.markInProcessing(tx, { began: sending.began, now });
  await requests.markRefused(tx, { refused: sending.refused, as: 'processed', now });
  await requests.markRefused(tx, { refused: sending.subscribed, as: 'duplicated', now });
  return { users, sent: sending.began.length };
}

/** A request that can't even be decided ends as an error, so that those behind it are not held up. */
export async function refuseRequests(
  { clock, requests }: IntakeContext,
  tx: Tx,
  user: string,
): Promise<void> {
  const now = clock.now();
  await requests.holdUsers(tx, { most: 1, among: [user] });
  const latest = await requests.takeLatest(tx, { users: [user], now });
  const refused = latest.map(({ id }) => ({ id, reason: 'internal' }));
  await requests.markRefused(tx, { refused, as: 'processed', now });
}

interface Batch {
  readonly rows: readonly RequestRow[];
  readonly sending: Sending;
}

async function startPayments(
  context: IntakeContext,
  tx: Tx,
  { rows, sending }: Batch,
): Promise<void> {
  if (rows.length === 0) return;
  const { cards, payments, requests } = context;
  const gateways = payments.cards.gateways();
  const customers = await lockCustomersByMsisdn(
    tx,
    rows.map((row) => row.msisdn),
    context.clock.now(),
  );
  const customerOf = new Map(customers.map(({ id, msisdn }) => [msisdn, id]));
  const saved = await requests.defaultCards(tx, [...customerOf.values()]);
  const cardOf = new Map(saved.map((card) => [card.customer_id, card]));
  const wanted = rows.flatMap((row) => {
    const card = cardOf.get(customerOf.get(row.msisdn) ?? 0n);
    const route = routeRequest(row, { gateways, showsPage: payments.cards.showsPage, card });
    if ('refused' in route) sending.refused.push({ id: row.id, reason: route.refused });
    else return [{ row, order: { ...toOrder(row), ...route }, consent: toConsent(row) }];
    return [];
  });
  const started = await cards.startAll(tx, wanted);
  for (const [at, { row }] of wanted.entries()) {
    const one = started[at];
    must(one, 'each that was to begin has its answer');
    if (!(one instanceof AppError)) {
      const { customerId, id: payment } = parsePaymentId(one.payment);
      sending.began.push({ id: row.id, customerId, payment, outcome: one.subscription });
    } else if (one.code === SUBSCRIBED) sending.subscribed.push({ id: row.id, reason: SUBSCRIBED });
    else sending.refused.push({ id: row.id, reason: one.code });
  }
}

function toOrder(row: RequestRow): Order {
  const { locale = 'en', version = 0 } = row.details as Details;
  return {
    ...{ plan: row.service, version, quantity: 1, msisdn: row.msisdn, user: row.user_key, locale },
    ...(row.email !== null && { email: row.email }),
  };
}

/** The merchant attests it; what it said of it is the evidence. */
function toConsent({ asked_at: askedAt, asked_by: askedBy, details }: RequestRow): StartConsent {
  const { consent } = details as Details;
  const confirmedAt = consent ? new Date(consent.confirmed_at) : askedAt;
  return {
    ...{ method: 'api', textShown: consent?.text ?? '', priceShown: consent?.price ?? '' },
    evidence: { ...consent?.evidence, attested_by: askedBy },
    ...{ shownAt: confirmedAt, confirmedAt },
  };
}

async function startRefund(
  context: IntakeContext,
  tx: Tx,
  { row, sending }: { readonly row: RequestRow; readonly sending: Sending },
): Promise<void> {
  const { payments } = context;
  try {
    await mustBeOwn(context, tx, row);
    const refund = await payments.refund(tx, {
      payment: row.refund_of,
      ...(row.amount_minor !== null && { amountMinor: row.amount_minor }),
      reason: 'asked for',
    });
    const { customerId, id: payment } = parsePaymentId(refund);
    sending.began.push({ id: row.id, customerId, payment, outcome: null });
  } catch (error) {
    // Thrown before anything was written: what stands against it, to be told.
    if (!(error instanceof AppError) || error.kind === 'internal' || error.kind === 'unavailable')
      throw error;
    sending.refused.push({ id: row.id, reason: error.code });
  }
}

/** A payment of another number is nothing that he can ask back. Throws `payment_unknown`, `payment_of_another`. */
export async function mustBeOwn(
  { payments }: IntakeContext,
  executor: Parameters<IntakeContext['payments']['report']>[0],
  { msisdn, refund_of: payment }: Pick<RequestRow, 'msisdn' | 'refund_of'>,
): Promise<void> {
  const report = await payments.report(executor, payment);
  if (report.msisdn === msisdn) return;
  const message = `is of another number than ${msisdn}`;
  throw fail('payment_of_another', `payment ${payment} ${message}.`, {
    faults: [{ field: 'payment', message }],
  });
}
